package server_test

import (
	"context"
	"net/http"
	"testing"

	"guildhall/server/config"
	"guildhall/server/testkit"
)

// ask sends a request with headers of its own; Host is one of them.
func ask(w *testkit.World, method, path string, headers map[string]string) *testkit.Answer {
	w.T.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, w.URL+path, nil)
	if err != nil {
		w.T.Fatal(err)
	}
	for name, value := range headers {
		if name == "Host" {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
	return w.Do(r)
}

// TestOneAddressOneSpelling: no other spelling of an address reaches an
// endpoint past the checks that look at its path.
func TestOneAddressOneSpelling(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	cookie := "guildhall=" + w.As("member").Token
	upgrade := map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
		"Cookie": cookie, "Origin": "https://evil.example",
	}
	ask(w, "GET", "/api/live", upgrade).Problem(403, "cross-site")
	for _, path := range []string{"/api/live/", "/API/live", "/Api/LIVE/", "/api/Live", "//api/live", "/api//live", "/%61pi/live", "/api/./live"} {
		if a := ask(w, "GET", path, upgrade); a.Status == 101 {
			t.Errorf("%s upgrades for a foreign page", path)
		}
	}
	own := ask(w, "GET", "/api/me", map[string]string{"Cookie": cookie}).Expect(200)
	if own.Header.Get("Cache-Control") != "no-store" || own.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("the headers of /api/me: %v", own.Header)
	}
	for _, path := range []string{"/API/me", "/api/ME", "/api/me/"} {
		if a := ask(w, "GET", path, map[string]string{"Cookie": cookie}); a.Body == own.Body {
			t.Errorf("%s is /api/me with %v", path, a.Header)
		}
	}
}

// TestUnknownMethod: even what the router does not know is answered with a
// problem and the usual headers.
func TestUnknownMethod(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	for _, path := range []string{"/", "/api/me", "/api/nothing"} {
		a := ask(w, "BREW", path, nil).Problem(405, "method")
		if a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("X-Request-Id") == "" {
			t.Errorf("BREW %s has the headers %v", path, a.Header)
		}
	}
}

// TestMetricsAreForThisMachine: without a token nobody whom a proxy brings
// sees them, however it says so.
func TestMetricsAreForThisMachine(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	ask(w, "GET", "/metrics", nil).Expect(200)
	ask(w, "GET", "/metrics", map[string]string{"Host": "localhost:8080"}).Expect(200)
	for name, value := range map[string]string{
		"Host": "guildhall.example.org", "Forwarded": "for=203.0.113.1", "X-Forwarded-For": "203.0.113.1", "X-Real-IP": "203.0.113.1",
		"X-Forwarded-Host": "guildhall.example.org", "X-Forwarded-Proto": "https", "Via": "1.1 proxy",
	} {
		if a := ask(w, "GET", "/metrics", map[string]string{name: value}); a.Status != 404 {
			t.Errorf("with %s: %s it answers %d", name, value, a.Status)
		}
	}
	closed := testkit.New(t, testkit.Options{Config: func(c *config.Config) { c.MetricsToken = "of the monitor" }})
	ask(closed, "GET", "/metrics", nil).Problem(401, "sign-in")
	ask(closed, "GET", "/metrics", map[string]string{"Authorization": "Bearer of the monitor", "X-Forwarded-For": "203.0.113.1"}).Expect(200)
}

// TestTheDemonstrationStaysHere: anybody may sign in to it as anybody.
func TestTheDemonstrationStaysHere(t *testing.T) {
	t.Parallel()
	w := testkit.New(t, testkit.Options{Config: func(c *config.Config) { c.Demo = true }})
	ask(w, "GET", "/api/me", nil).Problem(401, "sign-in")
	for name, value := range map[string]string{"Host": "guildhall.example.org", "X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1", "Via": "1.1 proxy"} {
		ask(w, "GET", "/api/me", map[string]string{name: value}).Problem(403, "demo-only-here")
	}
}
