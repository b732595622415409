package ids_test

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"testing"

	"guildhall/server/ids"
)

func TestIDs(t *testing.T) {
	for s, want := range map[string]ids.ID{"1": 1, "42": 42, "999999999999999999": 999999999999999999} {
		if id, err := ids.Parse(s); err != nil || id != want || id.String() != s {
			t.Errorf("%s became %v, %v", s, id, err)
		}
	}
	for _, s := range []string{"", "0", "-1", "+1", "01", " 1", "1.0", "1e3", "x", "1000000000000000000", "９"} {
		if id, err := ids.Parse(s); err == nil {
			t.Errorf("%q is taken for %v", s, id)
		}
		var p ids.Param
		if err := p.UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%q in a path is taken for %v", s, p.ID)
		}
	}
}

// TestIDsInJSON: strings, since a browser rounds large numbers, and back
// again unchanged, nothing included.
func TestIDsInJSON(t *testing.T) {
	in := map[ids.ID][]ids.ID{1: {0, 999999999999999999}}
	data, err := json.Marshal(in)
	if err != nil || string(data) != `{"1":["0","999999999999999999"]}` {
		t.Errorf("%s, %v", data, err)
	}
	var out map[ids.ID][]ids.ID
	if err := json.Unmarshal(data, &out); err != nil || fmt.Sprint(out) != fmt.Sprint(in) {
		t.Errorf("%v, %v", out, err)
	}
	var id ids.ID
	for _, bad := range []string{`7`, `"-1"`, `"x"`, `"00"`, fmt.Sprintf(`"%d"`, uint64(math.MaxUint64))} {
		if err := json.Unmarshal([]byte(bad), &id); err == nil {
			t.Errorf("%s is taken for %v", bad, id)
		}
	}
}

func TestSecrets(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		token, code := ids.Token(32), ids.Code(8)
		if len(token) != 43 || !regexp.MustCompile(`^[B-DF-HJ-NP-TV-XZ2-9]{8}$`).MatchString(code) || seen[token] || seen[code] {
			t.Fatalf("%s %s", token, code)
		}
		seen[token], seen[code] = true, true
	}
}
