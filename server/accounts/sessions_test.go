package accounts_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"guildhall/server/accounts"
	"guildhall/server/clock"
	"guildhall/server/testkit"
)

// signIn signs in as a person of the cast on one more device.
func signIn(w *testkit.World, name string) *testkit.Person {
	w.T.Helper()
	p := *w.As(name)
	p.Token = ""
	sent := len(w.Mail.Sent())
	ask(&p, p.Email)
	p.Token = cookie(verify(&p, p.Email, code(w, sent+1)).Expect(200)).Value
	return &p
}

func sessions(p *testkit.Person) []accounts.Session {
	var page struct{ Items []accounts.Session }
	p.Get("/api/sessions").Expect(200).JSON(&page)
	return page.Items
}

// live opens a person's live connection and waits for its first frame.
func live(w *testkit.World, p *testkit.Person) *websocket.Conn {
	w.T.Helper()
	header := http.Header{"Origin": {w.URL}, "Cookie": {"guildhall=" + p.Token}}
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(w.URL, "http")+"/api/live", header)
	if err != nil {
		w.T.Fatal(err)
	}
	w.T.Cleanup(func() { _ = ws.Close() })
	if _, _, err := ws.ReadMessage(); err != nil {
		w.T.Fatal(err)
	}
	return ws
}

// ends waits up to five seconds for the server to close with 4001.
func ends(t *testing.T, ws *websocket.Conn) {
	t.Helper()
	_ = ws.SetReadDeadline(time.Now().Add(5 * time.Second))
	for {
		_, _, err := ws.ReadMessage()
		var ce *websocket.CloseError
		if errors.As(err, &ce) && ce.Code == 4001 {
			return
		}
		if err != nil {
			t.Fatalf("the socket ended with %v", err)
		}
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	here := w.As("member")
	there, third := signIn(w, "member"), signIn(w, "member")
	list := sessions(there)
	if len(list) != 3 {
		t.Fatalf("the sessions are %+v", list)
	}
	for _, s := range list {
		if s.Current != (s.ID == there.Actor().SessionID) {
			t.Errorf("%+v", s)
		}
	}

	// One device, from another; nobody else's.
	path := testkit.Path("/sessions/%s", third.Actor().SessionID)
	w.As("outsider").Delete(path).Problem(404, "not-found")
	w.As("admin").Delete(path).Problem(404, "not-found")
	w.As("stranger").Delete(path).Problem(401, "sign-in")
	socket, mine := live(w, third), live(w, here)
	here.Delete(path).Expect(204)
	ends(t, socket)
	third.Get("/api/me").Problem(401, "sign-in")
	here.Delete(path).Problem(404, "not-found")

	// All others.
	socket = live(w, there)
	here.Delete("/api/sessions").Expect(204)
	ends(t, socket)
	there.Get("/api/me").Problem(401, "sign-in")
	if list := sessions(here); len(list) != 1 || !list[0].Current {
		t.Errorf("left over: %+v", list)
	}

	// This one: the cookie goes, and the token is worth nothing.
	a := here.Delete("/api/session").Expect(200)
	if c := cookie(a); c.Value != "" || c.MaxAge >= 0 {
		t.Errorf("signing out sets %q", a.Header.Get("Set-Cookie"))
	}
	ends(t, mine)
	here.Get("/api/me").Problem(401, "sign-in")
	w.As("outsider").Get("/api/me").Expect(200)
}

func TestDevices(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	p := w.As("stranger")
	ask(p, "member@council.example")
	body := strings.NewReader(`{"email":"member@council.example","code":"` + code(w, 1) + `"}`)
	r, err := http.NewRequestWithContext(context.Background(), "POST", w.URL+"/api/sign-in/verify", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", w.URL)
	r.Header.Set("User-Agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0 <script>")
	r.AddCookie(&http.Cookie{Name: "guildhall", Value: p.Token})
	p.Token = cookie(w.Do(r).Expect(200)).Value
	for _, s := range sessions(p) {
		if s.Current && s.Device != "Firefox on Windows" {
			t.Errorf("the device is %q", s.Device)
		}
	}
}

// TestThirtyDays: a session lasts 30 days after the last use, the cookie as
// long, and reading writes at most once an hour.
func TestThirtyDays(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(start)
	w := testkit.New(t, testkit.Options{Clock: now})
	member := w.As("member")
	const day = 24 * time.Hour

	seen := func() time.Time {
		t.Helper()
		var at time.Time
		if err := w.DB.Get(&at, `select last_seen_at from sessions where account_id = $1`, member.ID); err != nil {
			t.Fatal(err)
		}
		return at.UTC()
	}
	now.Pass(time.Hour)
	if a := member.Get("/api/me").Expect(200); !seen().Equal(start) || a.Header.Get("Set-Cookie") != "" {
		t.Errorf("within the hour: seen %s, %q", seen(), a.Header.Get("Set-Cookie"))
	}
	now.Pass(time.Second)
	a := member.Get("/api/me").Expect(200)
	if c := cookie(a); !seen().Equal(now.Now()) || c.Value != member.Token || c.MaxAge != 30*24*3600 || !c.HttpOnly {
		t.Errorf("after an hour: seen %s, %q", seen(), a.Header.Get("Set-Cookie"))
	}
	if a := member.Get("/api/me").Expect(200); a.Header.Get("Set-Cookie") != "" {
		t.Errorf("once more: %q", a.Header.Get("Set-Cookie"))
	}
	for range 3 {
		now.Pass(30*day - time.Second)
		member.Get("/api/me").Expect(200)
	}
	if got := sessions(member)[0]; !got.ExpiresAt.Equal(now.Now().Add(30 * day)) {
		t.Errorf("the session is %+v", got)
	}

	// Signing out after a long pause clears the cookie, and does not renew it.
	copied := *w.As("facilitator")
	copied.Get("/api/me").Problem(401, "sign-in")
	now.Pass(2 * time.Hour)
	if c := cookie(member.Delete("/api/session").Expect(200)); c.Value != "" || c.MaxAge >= 0 {
		t.Errorf("signing out sets %+v", c)
	}

	other := signIn(w, "member")
	now.Pass(30 * day)
	other.Get("/api/me").Problem(401, "sign-in")
}

// TestSigningInAgainEndsWhatWasThere: the cookie is replaced, so nobody could
// end the old session in this browser any more.
func TestSigningInAgainEndsWhatWasThere(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	browser := *w.As("member")
	socket := live(w, &browser)
	ask(&browser, w.As("outsider").Email)
	other := browser
	other.Token = cookie(verify(&browser, w.As("outsider").Email, code(w, 1)).Expect(200)).Value
	ends(t, socket)
	browser.Get("/api/me").Problem(401, "sign-in")
	other.Get("/api/me").Expect(200)
	if left := sessions(w.As("outsider")); len(left) != 2 {
		t.Errorf("the other sessions of whoever signed in: %+v", left)
	}
}

// TestReadingGoesOnWhereNothingCanBeWritten: renewing a session is no reason
// to refuse a page.
func TestReadingGoesOnWhereNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(time.Now())
	w := testkit.New(t, testkit.Options{Clock: now})
	if _, err := w.DB.Exec(`create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no writing'; end $$;
		create trigger refuse before update on sessions for each row execute function refuse()`); err != nil {
		t.Fatal(err)
	}
	now.Pass(2 * time.Hour)
	if a := w.As("member").Get("/api/me").Expect(200); a.Header.Get("Set-Cookie") != "" {
		t.Error("the cookie lasts longer than its session")
	}
}
