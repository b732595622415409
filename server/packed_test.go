package server_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"testing"

	"guildhall/server/testkit"
)

// TestPackedBodies: a body that is small on the way and large once it is
// unpacked is refused before anybody unpacks it, and so is any other coding.
func TestPackedBodies(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(bytes.Repeat([]byte(" "), 64<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for coding, want := range map[string]int{"gzip": 415, "br": 415, "gzip, gzip": 415, "nonsense": 415, "identity": 422} {
		body := packed.Bytes()
		if coding == "identity" {
			body = []byte(`{}`)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/api/sign-in", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Content-Encoding", coding)
		if a := w.Do(r); a.Status != want {
			t.Errorf("%s: %d, want %d: %s", coding, a.Status, want, a.Body)
		}
	}
}
