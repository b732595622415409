package spaces_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"guildhall/server/access"
	"guildhall/server/clock"
	"guildhall/server/spaces"
	"guildhall/server/testkit"
)

// TestAddingTheSamePersonAtOnce: whoever is first adds them, the others hear
// that they are there. Nobody is made twice.
func TestAddingTheSamePersonAtOnce(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	if _, err := w.DB.Exec(`delete from memberships where account_id = $1 and space_id = $2`, w.As("outsider").ID, w.Space("network")); err != nil {
		t.Fatal(err)
	}
	for _, email := range []string{"twin@council.example", w.As("outsider").Email} {
		var group sync.WaitGroup
		answers := make([]*testkit.Answer, 30)
		for i := range answers {
			group.Go(func() {
				answers[i] = w.As("facilitator").Post(testkit.Path("/spaces/%s/members", w.Space("cohortA")), words{"email": email, "name": "Twin"})
			})
		}
		group.Wait()
		added := 0
		for _, a := range answers {
			switch a.Status {
			case 201:
				added++
			case 409:
				a.Problem(409, "already-member")
			default:
				t.Errorf("%s: %d %s", email, a.Status, a.Body)
			}
		}
		if added != 1 {
			t.Errorf("%s was added %d times", email, added)
		}
	}
	var n int
	if err := w.DB.Get(&n, `select count(*) from accounts where name = 'Twin'`); err != nil || n != 1 {
		t.Errorf("%d accounts were made (%v)", n, err)
	}
}

// TestChangesAreLimited: one person's are counted together, and nobody else's
// with them.
func TestChangesAreLimited(t *testing.T) {
	t.Parallel()
	w := testkit.New(t, testkit.Options{Clock: clock.NewFake(time.Now())})
	outsider := w.As("outsider")
	roster := testkit.Path("/spaces/%s/members", w.Space("cohortA"))
	add := func(who *testkit.Person) *testkit.Answer {
		return who.Post(roster, words{"email": outsider.Email})
	}
	facilitator := w.As("facilitator")
	add(facilitator).Expect(201)
	for range 59 {
		add(facilitator).Problem(409, "already-member")
	}
	add(facilitator).Problem(429, "too-many")
	facilitator.Patch("/api/me", words{"name": "A", "about": "", "askMeAbout": []string{}, "serviceAreas": []string{}, "language": "en", "timeZone": "", "version": 1}).Problem(429, "too-many")
	facilitator.Delete(testkit.Path("/spaces/%s/members/%s", w.Space("cohortA"), facilitator.ID)).Problem(429, "too-many")
	add(w.As("moderator")).Problem(409, "already-member")
	var acts int
	if err := w.DB.Get(&acts, `select count(*) from audit_entries where action = 'member-added' and subject_id = $1`, outsider.ID); err != nil || acts != 1 {
		t.Errorf("%d acts in the log (%v)", acts, err)
	}
}

// TestAGuestIsNoModerator: an admin who stepped in may go again, and the last
// real moderator may not go because of them.
func TestAGuestIsNoModerator(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	cohort := w.Space("cohortA")
	place := func(who string) string { return testkit.Path("/spaces/%s/members/%s", cohort, w.As(who).ID) }
	w.As("admin").Post(testkit.Path("/spaces/%s/step-in", cohort), nil).Expect(200)
	w.As("moderator").Delete(place("moderator")).Problem(409, "last-moderator")
	w.As("admin").Patch(place("moderator"), words{"role": "member", "version": 1}).Problem(409, "last-moderator")
	w.As("admin").Delete(place("admin")).Expect(204)

	// So may one who stepped into a space without any moderator.
	if _, err := w.DB.Exec(`update memberships set role = 'member' where space_id = $1 and ended_at is null`, cohort); err != nil {
		t.Fatal(err)
	}
	w.As("admin").Post(testkit.Path("/spaces/%s/step-in", cohort), nil).Expect(200)
	w.As("admin").Delete(place("admin")).Expect(204)
}

// TestARoleThatSomebodyElseSet: who has not seen it does not undo it.
func TestARoleThatSomebodyElseSet(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	place := testkit.Path("/spaces/%s/members/%s", w.Space("cohortA"), w.As("member").ID)
	var m spaces.Member
	w.As("admin").Patch(place, words{"role": "facilitator", "version": 1}).Expect(200).JSON(&m)
	if m.Version != 2 {
		t.Errorf("after the change: %+v", m)
	}
	var stale struct{ Current spaces.Member }
	w.As("admin").Patch(place, words{"role": "moderator", "version": 1}).Problem(409, "stale").JSON(&stale)
	if stale.Current.Role != access.Facilitator || stale.Current.Version != 2 {
		t.Errorf("the stale one answered %+v", stale.Current)
	}
	w.As("admin").Patch(place, words{"role": "moderator"}).Problem(422, "invalid")
	w.As("admin").Patch(place, words{"role": "moderator", "version": 2}).Expect(200)
}

// TestPagesOfForeignLetters: Go and PostgreSQL make small letters of İ in
// different ways; pages hold everybody once all the same.
func TestPagesOfForeignLetters(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	var want []string
	for _, name := range []string{"İa", "İb", "Ic", "id", "İe"} {
		w.AddPerson(name, access.SiteMember, map[string]access.Role{"cohortA": access.Member})
		want = append(want, name)
	}
	slices.Sort(want)
	var met []string
	for cursor := ""; ; {
		var page struct {
			Items []struct{ Name string }
			Next  string
		}
		w.As("member").Get("/api/people?limit=1&cursor=" + cursor).Expect(200).JSON(&page)
		for _, p := range page.Items {
			met = append(met, p.Name)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
		if len(met) > 100 {
			t.Fatalf("it never ends: %v", met)
		}
	}
	for _, list := range [][]string{met, roster(w, "member", w.Space("cohortA"))} {
		var got []string
		for _, entry := range list {
			if name, _, _ := strings.Cut(entry, ":"); slices.Contains(want, name) {
				got = append(got, name)
			}
		}
		slices.Sort(got)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("pages hold %q, want %q", got, want)
		}
	}
}
