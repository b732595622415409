package accounts_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"guildhall/server/accounts"
	"guildhall/server/ids"
	"guildhall/server/testkit"
)

// TestCorrectingAJobIsNoNewJob: another title with the same employer corrects
// the job, unless it is said to be a new one; one that began today is
// corrected whatever changes.
func TestCorrectingAJobIsNoNewJob(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	member := w.As("member")
	council := func(code string) (id ids.ID) {
		t.Helper()
		if err := w.DB.Get(&id, `select id from organisations where code = $1`, code); err != nil {
			t.Fatal(err)
		}
		return id
	}
	if _, err := w.DB.Exec(`insert into account_posts (account_id, organisation_id, job, starts_on) values ($1, $2, 'Directer', '2019-05-01')`, member.ID, council("BUC")); err != nil {
		t.Fatal(err)
	}
	var me accounts.Me
	version := 1
	edit := func(post words) *testkit.Answer {
		return member.Patch("/api/me", profile(version, words{"post": post}))
	}
	change := func(post words, want ...string) {
		t.Helper()
		edit(post).Expect(200).JSON(&me)
		version++
		var got []string
		for _, p := range me.Posts {
			ended := ""
			if p.To != nil {
				ended = ", ended"
			}
			got = append(got, p.Job+", "+p.Organisation+ended)
		}
		if !slices.Equal(got, want) {
			t.Errorf("after %v: %q, want %q", post, got, want)
		}
	}
	change(words{"organisationId": council("BUC"), "job": "Director"}, "Director, Buckinghamshire")
	if *me.Posts[0].From != "2019-05-01" {
		t.Errorf("it begins on %s", *me.Posts[0].From)
	}
	change(words{"organisationId": council("BUC"), "job": "Chief", "new": true}, "Chief, Buckinghamshire", "Director, Buckinghamshire, ended")
	change(words{"organisationId": council("KEN"), "job": "Head"}, "Head, Kent", "Director, Buckinghamshire, ended")
	change(words{"organisationId": nil, "job": "Adviser", "new": true}, "Adviser, ", "Director, Buckinghamshire, ended")

	// Nobody begins with a council that is no more, or fills the list without end.
	if a := edit(words{"organisationId": council("CMA"), "job": "Head"}).Problem(422, "invalid"); !strings.Contains(a.Body, "no longer exists") {
		t.Errorf("an abolished council: %s", a.Body)
	}
	if _, err := w.DB.Exec(`update account_posts set starts_on = '2020-01-01' where account_id = $1 and ends_on is null`, member.ID); err != nil {
		t.Fatal(err)
	}
	for i := range 48 {
		if _, err := w.DB.Exec(`insert into account_posts (account_id, job, starts_on, ends_on) values ($1, $2, '2001-01-01', '2001-01-02')`, member.ID, fmt.Sprint("Job ", i)); err != nil {
			t.Fatal(err)
		}
	}
	if a := edit(words{"organisationId": nil, "job": "One more", "new": true}).Problem(422, "invalid"); !strings.Contains(a.Body, "50 jobs") {
		t.Errorf("more than 50: %s", a.Body)
	}
	edit(words{"organisationId": nil, "job": "Consultant"}).Expect(200).JSON(&me)
	if len(me.Posts) != 50 || me.Person.Job != "Consultant" {
		t.Errorf("%d jobs, now %s", len(me.Posts), me.Person.Job)
	}
}
