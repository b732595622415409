package accounts_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"guildhall/server/accounts"
	"guildhall/server/clock"
	"guildhall/server/config"
	"guildhall/server/db"
	"guildhall/server/testkit"
)

type words = map[string]any

// start is an hour's beginning, where the windows of limits begin.
var start = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

// ask asks for a code in a browser, which gets its cookie.
func ask(browser *testkit.Person, email string) *testkit.Answer {
	a := browser.Post("/api/sign-in", words{"email": email}).Expect(202)
	browser.Token = cookie(a).Value
	return a
}

// cookie is the session cookie that an answer sets.
func cookie(a *testkit.Answer) *http.Cookie {
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		if strings.HasSuffix(c.Name, "guildhall") {
			return c
		}
	}
	return &http.Cookie{}
}

var inMail = regexp.MustCompile(`\b[B-Z2-9]{4} [B-Z2-9]{4}\b`)

// code waits for the nth mail and gives the code in it.
func code(w *testkit.World, n int) string {
	w.T.Helper()
	testkit.Eventually(w.T, fmt.Sprintf("mail %d", n), func() bool { w.Drain(); return len(w.Mail.Sent()) >= n })
	return inMail.FindString(w.Mail.Sent()[n-1].Text)
}

func verify(browser *testkit.Person, email, code string) *testkit.Answer {
	return browser.Post("/api/sign-in/verify", words{"email": email, "code": code})
}

// wrong is a code of the right form that is not this one.
func wrong(code string) string {
	if strings.HasPrefix(code, "B") {
		return "C" + code[1:]
	}
	return "B" + code[1:]
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	member := w.As("member")
	browser, other := w.As("stranger"), w.As("stranger")
	ask(browser, "  Member@Council.example ")
	before := browser.Token
	right := code(w, 1)
	if m := w.Mail.Sent()[0]; m.To != member.Email || len(right) != 9 {
		t.Fatalf("the mail is %+v", m)
	}
	browser.Get("/api/me").Problem(401, "sign-in")

	// Looking is not using, whatever a mail scanner follows.
	for _, method := range []string{"GET", "HEAD"} {
		for _, path := range []string{"/api/sign-in", "/api/sign-in/verify", "/api/sign-in/verify?email=" + member.Email + "&code=" + right} {
			if a := browser.Send(method, path, nil); a.Status < 400 || a.Status >= 500 {
				t.Errorf("%s %s answered %d", method, path, a.Status)
			}
		}
	}

	// Only the browser that asked, and only for this address.
	verify(other, member.Email, right).Problem(422, "code-wrong")
	ask(other, member.Email)
	verify(other, member.Email, right).Problem(422, "code-wrong")
	verify(browser, "outsider@council.example", right).Problem(422, "code-wrong")

	a := verify(browser, "MEMBER@council.example", strings.ToLower(strings.ReplaceAll(right, " ", "-"))).Expect(200)
	browser.Token = cookie(a).Value
	if browser.Token == before || len(browser.Token) < 43 {
		t.Errorf("the session's token is %q, the browser's was %q", browser.Token, before)
	}
	var me accounts.Me
	browser.Get("/api/me").Expect(200).JSON(&me)
	if me.Person.ID != member.ID {
		t.Errorf("signed in as %+v", me.Person)
	}
	browser.Token = before
	browser.Get("/api/me").Problem(401, "sign-in")
	verify(browser, member.Email, right).Problem(422, "code-wrong")

	var stored int
	if err := w.DB.Get(&stored, `select count(*) from sign_in_codes where position($1::bytea in nonce || browser_hash || email_hash) > 0`, []byte(strings.ReplaceAll(right, " ", ""))); err != nil || stored != 0 {
		t.Errorf("the code is stored in clear: %d, %v", stored, err)
	}
}

// TestAnUnknownAddressLooksTheSame: nobody learns who is a member.
func TestAnUnknownAddressLooksTheSame(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	known, unknown := w.As("stranger"), w.As("stranger")
	a, b := ask(known, "member@council.example"), ask(unknown, "nobody@council.example")
	same := func(what string, a, b *testkit.Answer) {
		t.Helper()
		id := regexp.MustCompile(`"requestId":"[^"]*"`)
		for _, name := range []string{"Date", "X-Request-Id"} {
			a.Header.Del(name)
			b.Header.Del(name)
		}
		first, second := cookie(a).Value, cookie(b).Value
		x := strings.ReplaceAll(fmt.Sprint(a.Status, a.Header, id.ReplaceAllString(a.Body, "")), first+";", ";")
		y := strings.ReplaceAll(fmt.Sprint(b.Status, b.Header, id.ReplaceAllString(b.Body, "")), second+";", ";")
		if x != y {
			t.Errorf("%s: known %s, unknown %s", what, x, y)
		}
	}
	same("asking", a, b)
	right := code(w, 1)
	for range 6 {
		same("a wrong code", verify(known, "member@council.example", wrong(right)), verify(unknown, "nobody@council.example", wrong(right)))
	}
	for range 4 {
		ask(known, "member@council.example")
		ask(unknown, "nobody@council.example")
	}
	ask6 := func(p *testkit.Person, email string) *testkit.Answer {
		return p.Post("/api/sign-in", words{"email": email}).Problem(429, "too-many")
	}
	a, b = ask6(known, "member@council.example"), ask6(unknown, "nobody@council.example")
	a.Header.Del("Retry-After")
	b.Header.Del("Retry-After")
	same("too often", a, b)
	code(w, 5)
	for _, m := range w.Mail.Sent() {
		if m.To != "member@council.example" {
			t.Errorf("there is mail to %s", m.To)
		}
	}
}

func TestFiveTries(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	browser := w.As("stranger")
	for round, tries := range []int{4, 5} {
		ask(browser, "member@council.example")
		right := code(w, round+1)
		for range tries {
			verify(browser, "member@council.example", wrong(right)).Problem(422, "code-wrong")
		}
		if want, a := map[int]int{4: 200, 5: 422}[tries], verify(browser, "member@council.example", right); a.Status != want {
			t.Errorf("the right code after %d wrong ones: %d, want %d", tries, a.Status, want)
		}
	}
}

func TestTenMinutes(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(start)
	w := testkit.New(t, testkit.Options{Clock: now})
	browser := w.As("stranger")
	ask(browser, "member@council.example")
	right := code(w, 1)
	now.Pass(10*time.Minute - time.Second)
	verify(browser, "member@council.example", right).Expect(200)
	ask(browser, "member@council.example")
	right = code(w, 2)
	now.Pass(10 * time.Minute)
	verify(browser, "member@council.example", right).Problem(422, "code-wrong")
}

// TestOneOfTwoAtOnce: a code that is sent twice at the same moment counts once.
func TestOneOfTwoAtOnce(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	browser := w.As("stranger")
	ask(browser, "member@council.example")
	right := code(w, 1)
	var group sync.WaitGroup
	status := make([]int, 6)
	for i := range status {
		group.Go(func() { status[i] = verify(browser, "member@council.example", right).Status })
	}
	group.Wait()
	if n := strings.Count(fmt.Sprint(status), "200"); n != 1 {
		t.Errorf("the answers are %v", status)
	}
}

// TestSigningInUsesUpOlderCodes: a mail that nobody needed any more is worth
// nothing to whoever finds it.
func TestSigningInUsesUpOlderCodes(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	browser := w.As("stranger")
	ask(browser, "member@council.example")
	older := code(w, 1)
	ask(browser, "member@council.example")
	verify(browser, "member@council.example", code(w, 2)).Expect(200)
	verify(browser, "member@council.example", older).Problem(422, "code-wrong")
}

func TestFiveCodesAnHour(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(start.Add(20 * time.Minute))
	w := testkit.New(t, testkit.Options{Clock: now})
	for i := range 5 {
		ask(w.As("stranger"), []string{"member@council.example", "MEMBER@council.example "}[i%2])
	}
	a := w.As("stranger").Post("/api/sign-in", words{"email": "member@council.example"}).Problem(429, "too-many")
	if wait := a.Header.Get("Retry-After"); wait != strconv.Itoa(40*60) {
		t.Errorf("Retry-After is %q, want 40 minutes", wait)
	}
	ask(w.As("stranger"), "outsider@council.example")
	now.Pass(40 * time.Minute)
	ask(w.As("stranger"), "member@council.example")
}

func TestManySignInsFromOneAddress(t *testing.T) {
	t.Parallel()
	w := testkit.New(t, testkit.Options{Clock: clock.NewFake(start), Config: func(c *config.Config) { c.LimitAddressSignIns = 3 }})
	for i := range 3 {
		ask(w.As("stranger"), fmt.Sprintf("p%d@council.example", i))
	}
	a := w.As("stranger").Post("/api/sign-in", words{"email": "p4@council.example"}).Problem(429, "too-many")
	if a.Header.Get("Retry-After") != "600" {
		t.Errorf("Retry-After is %q", a.Header.Get("Retry-After"))
	}
	verify(w.As("stranger"), "p1@council.example", "BBBB BBBB").Problem(429, "too-many")
}

func TestBadSignIns(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	stranger := w.As("stranger")
	for _, c := range []struct {
		path  string
		body  any
		field string
	}{
		{"/sign-in", words{"email": "nobody"}, "body.email"},
		{"/sign-in", words{"email": "a b@c.example"}, "body.email"},
		{"/sign-in", words{"email": "a@b.example\r\nBcc: c@d.example"}, "body.email"},
		{"/sign-in", words{"email": "a@b.example\x00"}, "body.email"},
		{"/sign-in", words{"email": strings.Repeat("a", 250) + "@b.example"}, "body.email"},
		{"/sign-in", words{"email": 7}, "body.email"},
		{"/sign-in", words{"email": "a@b.example", "admin": true}, "body.admin"},
		{"/sign-in", words{}, "email"},
		{"/sign-in/verify", words{"email": "a@b.example"}, "code"},
		{"/sign-in/verify", words{"email": "a@b.example", "code": strings.Repeat("B", 41)}, "body.code"},
		{"/sign-in/verify", words{"email": "a@b.example", "code": "\x00"}, "body.code"},
		{"/demo/sign-in", words{"as": "member", "x": 1}, "body.x"},
	} {
		if a := stranger.Post("/api"+c.path, c.body).Expect(422); !strings.Contains(a.Body, c.field) {
			t.Errorf("%s %v does not name %s: %s", c.path, c.body, c.field, a.Body)
		}
	}
	stranger.Post("/api/sign-in", "{").Expect(400)
	stranger.Post("/api/demo/sign-in", words{"as": "admin"}).Problem(404, "not-found")
}

func TestCookie(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		url, name string
		secure    bool
	}{{"", "guildhall", false}, {"https://guildhall.example", "__Host-guildhall", true}} {
		w := testkit.New(t, testkit.Options{Config: func(cfg *config.Config) {
			if c.url != "" {
				cfg.URL = c.url
			}
		}})
		origin := w.URL
		w.URL = "http://" + w.Config.Listen
		r, err := http.NewRequestWithContext(context.Background(), "POST", w.URL+"/api/sign-in", strings.NewReader(`{"email":"member@council.example"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Origin", origin)
		a := w.Do(r).Expect(202)
		got := cookie(a)
		if got.Name != c.name || got.Secure != c.secure || !got.HttpOnly || got.SameSite != http.SameSiteLaxMode || got.Path != "/" || got.Domain != "" || got.MaxAge != 30*24*3600 {
			t.Errorf("over %s the cookie is %q", origin, a.Header.Get("Set-Cookie"))
		}
		if hsts := a.Header.Get("Strict-Transport-Security"); (hsts != "") != c.secure {
			t.Errorf("over %s Strict-Transport-Security is %q", origin, hsts)
		}
		// The other name is no session here: a page over http could have set it.
		for name, want := range map[string]int{"guildhall": 200, "__Host-guildhall": 401} {
			if c.secure {
				want = 601 - want
			}
			r, err := http.NewRequestWithContext(context.Background(), "GET", w.URL+"/api/me", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.AddCookie(&http.Cookie{Name: name, Value: w.As("member").Token})
			w.Do(r).Expect(want)
		}
	}
}

func TestOtherSitesChangeNothing(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	for name, c := range map[string]struct {
		origin, site, kind string
		want               int
	}{
		"our page":                  {w.URL, "same-origin", "application/json", 202},
		"our page, old browser":     {w.URL, "", "application/json", 202},
		"another site":              {"https://evil.example", "cross-site", "application/json", 403},
		"another site, old browser": {"https://evil.example", "", "application/json", 403},
		"a site next door":          {"http://evil.localhost", "same-site", "application/json", 403},
		"another port":              {"http://127.0.0.1:1", "", "application/json", 403},
		"an opaque origin":          {"null", "", "application/json", 403},
		"no origin, another site":   {"", "cross-site", "application/json", 403},
		"no origin, with a cookie":  {"", "", "application/json", 403},
		"typed into the bar":        {"", "none", "application/json", 403},
		"a form":                    {w.URL, "same-origin", "application/x-www-form-urlencoded", 415},
		"plain text":                {w.URL, "same-origin", "text/plain", 415},
	} {
		r, err := http.NewRequestWithContext(context.Background(), "POST", w.URL+"/api/sign-in", strings.NewReader(`{"email":"`+strconv.Itoa(len(name))+`@council.example"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.AddCookie(&http.Cookie{Name: "guildhall", Value: w.As("member").Token})
		r.Header.Set("Content-Type", c.kind)
		for header, value := range map[string]string{"Origin": c.origin, "Sec-Fetch-Site": c.site} {
			if value != "" {
				r.Header.Set(header, value)
			}
		}
		if a := w.Do(r); a.Status != c.want {
			t.Errorf("%s: %d, want %d: %s", name, a.Status, c.want, a.Body)
		}
	}
}

// TestTheFirstAdmin: the operator's code works once, in any browser.
func TestTheFirstAdmin(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(start)
	w := testkit.New(t, testkit.Options{Clock: now})
	right, err := w.MakeAdmin(context.Background(), "First@Council.example", "First")
	if err != nil || !inMail.MatchString(right) {
		t.Fatalf("the code is %q, %v", right, err)
	}
	now.Pass(59 * time.Minute)
	browser, other := w.As("stranger"), w.As("stranger")
	browser.Token = cookie(verify(browser, "first@council.example", right).Expect(200)).Value
	var me accounts.Me
	browser.Get("/api/me").Expect(200).JSON(&me)
	if me.SiteRole != "admin" || me.Person.Name != "First" {
		t.Errorf("signed in as %+v", me)
	}
	verify(other, "first@council.example", right).Problem(422, "code-wrong")
	if len(w.Mail.Sent()) != 0 {
		t.Error("the operator's code was mailed as well")
	}

	// Somebody who is there already becomes one; an hour later the code is old.
	if right, err = w.MakeAdmin(context.Background(), "member@council.example", ""); err != nil {
		t.Fatal(err)
	}
	now.Pass(time.Hour)
	verify(other, "member@council.example", right).Problem(422, "code-wrong")

	// The sign-in page asks for a code by mail first: the operator's stays good beside it.
	if right, err = w.MakeAdmin(context.Background(), "member@council.example", ""); err != nil {
		t.Fatal(err)
	}
	ask(other, "member@council.example")
	verify(other, "member@council.example", right).Expect(200)
	if right, err = w.MakeAdmin(context.Background(), "member@council.example", ""); err != nil {
		t.Fatal(err)
	}
	for range 6 { // a stranger must not be able to use it up
		verify(w.As("stranger"), "member@council.example", "2222-2222").Problem(422, "code-wrong")
	}
	// Nobody's browser is the operator: a code by mail stays with the browser that asked.
	posing := w.As("stranger")
	posing.Token = "operator"
	ask(posing, "outsider@council.example")
	mailed := ""
	testkit.Eventually(t, "the mail", func() bool {
		w.Drain()
		for _, m := range w.Mail.Sent() {
			if m.To == "outsider@council.example" {
				mailed = inMail.FindString(m.Text)
			}
		}
		return mailed != ""
	})
	verify(w.As("stranger"), "outsider@council.example", mailed).Problem(422, "code-wrong")
	verify(w.As("stranger"), "member@council.example", right).Expect(200)

	var acts int
	if err := w.DB.Get(&acts, `select count(*) from audit_entries where action = 'admin-made'`); err != nil || acts != 4 {
		t.Errorf("the audit log knows of %d, %v", acts, err)
	}
	if _, err := w.MakeAdmin(context.Background(), "nobody", "N"); err == nil {
		t.Error("an administrator without an address was made")
	}
}

// TestWhoMayNotComeIn: an address that ended, and somebody suspended or
// erased, get no mail and no session; sessions they have end at once.
func TestWhoMayNotComeIn(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	for name, change := range map[string]string{
		"member":      `update account_emails set ended_at = now() where account_id = $1`,
		"facilitator": `update accounts set suspended_at = now() where id = $1`,
		"moderator":   `update accounts set erased_at = now() where id = $1`,
	} {
		p := w.As(name)
		if err := w.DB.Tx(context.Background(), func(tx *db.Tx) error { _, err := tx.Exec(change, p.ID); return err }); err != nil {
			t.Fatal(err)
		}
		ask(w.As("stranger"), p.Email)
		if want := map[string]int{"member": 200}[name]; want == 0 {
			p.Get("/api/me").Problem(401, "sign-in")
		}
	}
	ask(w.As("stranger"), "outsider@council.example")
	code(w, 1)
	w.Drain()
	if sent := w.Mail.Sent(); len(sent) != 1 || sent[0].To != "outsider@council.example" {
		t.Errorf("sent: %+v", sent)
	}
}
