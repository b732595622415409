package accounts_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"guildhall/server/accounts"
	"guildhall/server/clock"
	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/testkit"
)

// profile is a whole valid edit, with some of it changed.
func profile(version int, but words) words {
	in := words{"name": "Ann", "about": "", "askMeAbout": []string{}, "serviceAreas": []string{}, "language": "en", "timeZone": "", "version": version}
	maps.Copy(in, but)
	return in
}

func TestProfile(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	member := w.As("member")
	var council ids.ID
	if err := w.DB.Get(&council, `select id from organisations where code = 'BUC'`); err != nil {
		t.Fatal(err)
	}
	var me accounts.Me
	member.Get("/api/me").Expect(200).JSON(&me)
	if me.Version != 1 || me.TimeZone != "Europe/London" || len(me.Emails) != 1 || me.Emails[0] != member.Email || me.AskMeAbout == nil || me.Posts == nil {
		t.Errorf("me: %+v", me)
	}
	edit := profile(1, words{
		"name": " Ann Ó Briain ", "about": "Housing, mostly.\nAsk me.", "askMeAbout": []string{" damp ", "damp", "", "voids"},
		"serviceAreas": []string{"adult-social-care"}, "language": "cy", "timeZone": "Europe/Dublin", "post": words{"organisationId": council, "job": " Director "},
	})
	member.Patch("/api/me", edit).Expect(200).JSON(&me)
	if me.Person.Name != "Ann Ó Briain" || me.Person.Job != "Director" || me.Person.OrganisationID == nil || *me.Person.OrganisationID != council ||
		me.Version != 2 || me.Language != "cy" || me.TimeZone != "Europe/Dublin" || !slices.Equal(me.AskMeAbout, []string{"damp", "voids"}) || len(me.Posts) != 1 {
		t.Errorf("me after the edit: %+v", me)
	}
	var seen accounts.Profile
	w.As("outsider").Get(testkit.Path("/people/%s", member.ID)).Expect(200).JSON(&seen) // both are in the network
	if seen.Name != "Ann Ó Briain" || len(seen.Posts) != 1 || seen.About != "Housing, mostly.\nAsk me." {
		t.Errorf("others see %+v", seen)
	}

	// A stale edit changes nothing and brings what is there now.
	edit["about"] = "lost"
	var stale struct{ Current accounts.Me }
	member.Patch("/api/me", edit).Problem(409, "stale").JSON(&stale)
	if stale.Current.Version != 2 || stale.Current.About != "Housing, mostly.\nAsk me." {
		t.Errorf("the stale edit answered %+v", stale.Current)
	}

	// The same job again is no new post.
	edit["version"] = 2
	member.Patch("/api/me", edit).Expect(200).JSON(&me)
	if len(me.Posts) != 1 {
		t.Errorf("the same job twice: %+v", me.Posts)
	}
	w.As("stranger").Patch("/api/me", edit).Problem(401, "sign-in")
}

func TestBadProfiles(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	member := w.As("member")
	for _, c := range []struct {
		but   words
		field string
	}{
		{words{"name": " "}, "body.name"},
		{words{"name": ""}, "body.name"},
		{words{"name": "a\nb"}, "body.name"},
		{words{"name": "a\x00b"}, "body.name"},
		{words{"name": "\u200b\u200d"}, "body.name"},
		{words{"name": strings.Repeat("a", 121)}, "body.name"},
		{words{"about": "\x00"}, "body.about"},
		{words{"about": strings.Repeat("a", 4001)}, "body.about"},
		{words{"askMeAbout": []string{"a", strings.Repeat("b", 61)}}, "body.askMeAbout[1]"},
		{words{"askMeAbout": []string{"a\x00"}}, "body.askMeAbout[0]"},
		{words{"askMeAbout": make([]string, 9)}, "body.askMeAbout"},
		{words{"askMeAbout": []int{1}}, "body.askMeAbout[0]"},
		{words{"serviceAreas": []string{"no-such-area"}}, "body.serviceAreas"},
		{words{"language": "fr"}, "body.language"},
		{words{"timeZone": "Europe/Nowhere"}, "body.timeZone"},
		{words{"timeZone": "../../etc/passwd"}, "body.timeZone"},
		{words{"timeZone": "Local"}, "body.timeZone"},
		{words{"timeZone": "posixrules"}, "body.timeZone"},
		{words{"timeZone": "right/Europe/London"}, "body.timeZone"},
		{words{"post": words{"organisationId": nil, "job": " "}}, "body.post.job"},
		{words{"post": words{"organisationId": nil, "job": "a\x00"}}, "body.post.job"},
		{words{"post": words{"organisationId": "999999999", "job": "a"}}, "body.post.organisationId"},
		{words{"post": words{"organisationId": "x", "job": "a"}}, "body.post.organisationId"},
		{words{"siteRole": "admin"}, "body.siteRole"},
		{words{"version": 0}, "body.version"},
	} {
		if a := member.Patch("/api/me", profile(1, c.but)).Expect(422); !strings.Contains(a.Body, `"location":"`+c.field+`"`) {
			t.Errorf("%.80v does not name %s: %s", c.but, c.field, a.Body)
		}
	}
	var me accounts.Me
	member.Get("/api/me").Expect(200).JSON(&me)
	if me.Version != 1 || me.Person.Name != "member" || len(me.Posts) != 0 {
		t.Errorf("something was stored: %+v", me)
	}
}

// TestPeople: one meets those with whom one shares a space, and nobody else.
func TestPeople(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	change := func(query string, args ...any) {
		t.Helper()
		if err := w.DB.Tx(context.Background(), func(tx *db.Tx) error { _, err := tx.Exec(query, args...); return err }); err != nil {
			t.Fatal(err)
		}
	}
	list := func(who, query string) (names []string) {
		t.Helper()
		for cursor := ""; ; {
			var page struct {
				Items []accounts.Person
				Next  string
			}
			w.As(who).Get("/api/people?limit=2&q=" + query + "&cursor=" + cursor).Expect(200).JSON(&page)
			for _, p := range page.Items {
				names = append(names, p.Name)
			}
			if cursor = page.Next; cursor == "" {
				return names
			}
		}
	}
	if got := list("member", ""); !slices.Equal(got, []string{"admin", "facilitator", "member", "moderator", "otherModerator", "outsider"}) {
		t.Errorf("everybody: %v", got)
	}
	if got := list("member", "MODER"); !slices.Equal(got, []string{"moderator", "otherModerator"}) {
		t.Errorf("a part of a name: %v", got)
	}
	cohort := fmt.Sprintf("&space=%s", w.Space("cohortA"))
	if got := list("member", cohort); !slices.Equal(got, []string{"facilitator", "member", "moderator"}) {
		t.Errorf("of a cohort: %v", got)
	}
	if got := list("outsider", cohort); len(got) != 0 {
		t.Errorf("of a cohort that one is not in: %v", got)
	}
	for _, wild := range []string{"%25", "_____", "%5C"} {
		if got := list("member", wild); len(got) != 0 {
			t.Errorf("%s found %v", wild, got)
		}
	}

	// Without the network in common, cohort B is no longer there for cohort A.
	change(`update memberships set ended_at = now() where space_id = $1 and account_id = $2`, w.Space("network"), w.As("outsider").ID)
	if got := list("outsider", ""); !slices.Equal(got, []string{"otherModerator", "outsider"}) {
		t.Errorf("an outsider meets %v", got)
	}
	there := w.As("outsider").Get(testkit.Path("/people/%s", w.As("member").ID)).Problem(404, "not-found")
	never := w.As("outsider").Get("/api/people/999999999").Problem(404, "not-found")
	id := func(a *testkit.Answer) string { before, _, _ := strings.Cut(a.Body, `"requestId"`); return before }
	if id(there) != id(never) {
		t.Errorf("a stranger to them: %s, an id that never was: %s", there.Body, never.Body)
	}
	w.As("stranger").Get("/api/people").Problem(401, "sign-in")
	w.As("member").Get("/api/people?cursor=x").Problem(422, "invalid")
	w.As("member").Get("/api/people?limit=201").Problem(422, "invalid")

	// An erased person is gone from lists; what they wrote stays, without name.
	w.As("member").Post(testkit.Path("/spaces/%s/topics", w.Space("cohortA")), words{"clientId": ids.NewUUID(), "title": "Damp", "body": "b"}).Expect(201)
	change(`update accounts set erased_at = now() where id = $1`, w.As("member").ID)
	if got := list("facilitator", ""); slices.Contains(got, "member") || slices.Contains(got, "Former member") {
		t.Errorf("after erasure: %v", got)
	}
	w.As("facilitator").Get(testkit.Path("/people/%s", w.As("member").ID)).Problem(404, "not-found")
	a := w.As("facilitator").Get(testkit.Path("/spaces/%s/topics", w.Space("cohortA"))).Expect(200)
	if !strings.Contains(a.Body, `"Former member"`) || strings.Contains(a.Body, `"name":"member"`) {
		t.Errorf("the topic's author: %s", a.Body)
	}
}

// TestTheDayOfAChange: a job begins on the day that it is in the network's
// zone, also in the hour and on the days when the clocks change.
func TestTheDayOfAChange(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(time.Date(2026, 10, 24, 22, 59, 0, 0, time.UTC))
	w := testkit.New(t, testkit.Options{Clock: now})
	for i, c := range []struct{ at, today, yesterday string }{
		{"2026-10-24T22:59:00Z", "2026-10-24", ""},
		{"2026-10-24T23:00:00Z", "2026-10-25", "2026-10-24"}, // midnight in British Summer Time
		{"2026-10-25T23:30:00Z", "2026-10-25", "2026-10-24"}, // after 25 hours it is still the same day
		{"2026-10-26T00:00:00Z", "2026-10-26", "2026-10-25"},
		{"2027-03-27T23:59:00Z", "2027-03-27", "2027-03-26"},
		{"2027-03-28T00:30:00Z", "2027-03-28", "2027-03-27"},
		{"2027-03-28T22:59:00Z", "2027-03-28", "2027-03-27"}, // the day has 23 hours
		{"2027-03-28T23:00:00Z", "2027-03-29", "2027-03-28"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		now.Pass(at.Sub(now.Now()))
		member := signInAt(w, i)
		var me accounts.Me
		member.Patch("/api/me", profile(i+1, words{"post": words{"organisationId": nil, "job": c.at, "new": true}})).Expect(200).JSON(&me)
		if me.Posts[0].Job != c.at || me.Posts[0].From == nil || *me.Posts[0].From != c.today {
			t.Errorf("at %s the job begins on %+v", c.at, me.Posts[0])
		}
		if i > 0 && (me.Posts[1].To == nil || *me.Posts[1].To != c.yesterday) {
			t.Errorf("at %s the last job ends on %v, want %s", c.at, *me.Posts[1].To, c.yesterday)
		}
	}
}

// signInAt gives member a session that holds at the fake clock's time.
func signInAt(w *testkit.World, n int) *testkit.Person {
	w.T.Helper()
	p := *w.As("member")
	p.Token = "at-" + strings.Repeat("x", 30+n)
	err := w.DB.Tx(context.Background(), func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into sessions (account_id, token_hash, created_at, last_seen_at, expires_at)
			values ($1, sha256($2::text::bytea), $3::timestamptz, $3::timestamptz, $3::timestamptz + interval '1 hour')`, p.ID, p.Token, w.Clock.Now())
		return err
	})
	if err != nil {
		w.T.Fatal(err)
	}
	return &p
}

// TestAJobThatBeganAfterMidnight: in the hour when it is tomorrow in the
// network's zone and not yet in UTC, a new job is shown at once.
func TestAJobThatBeganAfterMidnight(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	member := w.As("member")
	err := w.DB.Tx(context.Background(), func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into account_posts (account_id, job, starts_on, ends_on) values
			($1, 'Before', current_date - 9, current_date), ($1, 'Now', current_date + 1, null), ($1, 'One day', current_date + 2, null)`, member.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var me accounts.Me
	member.Get("/api/me").Expect(200).JSON(&me)
	if me.Person.Job != "Now" {
		t.Errorf("the job is %q", me.Person.Job)
	}
}
