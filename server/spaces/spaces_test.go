package spaces_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/spaces"
	"guildhall/server/testkit"
)

type words = map[string]any

func open(w *testkit.World, in words) spaces.Space {
	w.T.Helper()
	var s spaces.Space
	w.As("admin").Post("/api/spaces", in).Expect(201).JSON(&s)
	return s
}

func get(w *testkit.World, who string, id ids.ID) spaces.Space {
	w.T.Helper()
	var s spaces.Space
	w.As(who).Get(testkit.Path("/spaces/%s", id)).Expect(200).JSON(&s)
	return s
}

func names(w *testkit.World, who string) (out []string) {
	w.T.Helper()
	var page struct{ Items []spaces.Space }
	w.As(who).Get("/api/spaces").Expect(200).JSON(&page)
	for _, s := range page.Items {
		out = append(out, s.Name+":"+s.Role)
	}
	return out
}

func TestSpacesThatOneSees(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	listed := open(w, words{"kind": "group", "name": "Housing", "listed": true, "admission": "open"})
	asking := open(w, words{"kind": "group", "name": "Planning", "listed": true, "admission": "ask"})
	hidden := open(w, words{"kind": "group", "name": "Quiet"})
	for who, want := range map[string][]string{
		"member":   {"Guildhall:member", "Cohort A:member", "Housing:", "Planning:"},
		"outsider": {"Guildhall:member", "Cohort B:member", "Housing:", "Planning:"},
		"admin":    {"Guildhall:member", "Cohort A:", "Cohort B:", "Housing:", "Planning:", "Quiet:"},
	} {
		if got := names(w, who); !slices.Equal(got, want) {
			t.Errorf("%s sees %v, want %v", who, got, want)
		}
	}
	w.As("stranger").Get("/api/spaces").Problem(401, "sign-in")

	// A listed group shows itself, not who is in it.
	if s := get(w, "member", listed.ID); s.Role != "" || !slices.Equal(s.Can, []access.Action{"join"}) {
		t.Errorf("a listed group from outside: %+v", s)
	}
	w.As("member").Get(testkit.Path("/spaces/%s/members", listed.ID)).Problem(404, "not-found")
	w.As("member").Get(testkit.Path("/spaces/%s", hidden.ID)).Problem(404, "not-found")
	w.As("outsider").Get(testkit.Path("/spaces/%s", w.Space("cohortA"))).Problem(404, "not-found")

	// Joining, and leaving again.
	join := func(id ids.ID) *testkit.Answer {
		return w.As("member").Post(testkit.Path("/spaces/%s/join", id), nil)
	}
	join(asking.ID).Problem(409, "not-open")
	join(hidden.ID).Problem(404, "not-found")
	join(w.Space("cohortB")).Problem(404, "not-found")
	w.As("stranger").Post(testkit.Path("/spaces/%s/join", listed.ID), nil).Problem(401, "sign-in")
	var joined spaces.Space
	join(listed.ID).Expect(200).JSON(&joined)
	if joined.Role != "member" || joined.MemberCount != 1 || !slices.Contains(joined.Can, access.PostTopic) || !slices.Contains(joined.Can, "leave") {
		t.Errorf("after joining: %+v", joined)
	}
	join(listed.ID).Expect(200)
	w.As("member").Delete(testkit.Path("/spaces/%s/members/%s", listed.ID, w.As("member").ID)).Expect(204)
	if s := get(w, "member", listed.ID); s.Role != "" || s.MemberCount != 0 {
		t.Errorf("after leaving: %+v", s)
	}
}

func TestOpeningASpace(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	s := open(w, words{"kind": "cohort", "name": " Cohort C ", "description": "d", "residentialFrom": "2026-10-24", "residentialTo": "2026-10-26", "reviewDay": "2027-03-28"})
	if s.Name != "Cohort C" || *s.ResidentialFrom != "2026-10-24" || *s.ResidentialTo != "2026-10-26" || *s.ReviewDay != "2027-03-28" || s.Version != 1 {
		t.Errorf("opened: %+v", s)
	}
	for who, want := range map[string]int{"stranger": 401, "outsider": 403, "member": 403, "facilitator": 403, "moderator": 403} {
		w.As(who).Post("/api/spaces", words{"kind": "group", "name": "X"}).Expect(want)
	}
	w.As("admin").Post("/api/spaces", words{"kind": "group", "name": "cohort c"}).Problem(409, "name-taken")
	for _, c := range []struct {
		in    words
		field string
	}{
		{words{"name": " "}, "body.name"},
		{words{"name": "a\x00"}, "body.name"},
		{words{"name": "a\nb"}, "body.name"},
		{words{"name": strings.Repeat("a", 121)}, "body.name"},
		{words{"description": "\x00"}, "body.description"},
		{words{"kind": "network"}, "body.kind"},
		{words{"kind": "load"}, "body.kind"},
		{words{"kind": "cohort", "listed": true}, "body.admission"},
		{words{"kind": "cohort", "admission": "open"}, "body.admission"},
		{words{"reviewDay": "28 March"}, "body.reviewDay"},
		{words{"reviewDay": "2027-02-29"}, "body.reviewDay"},
		{words{"reviewDay": "0000-01-01"}, "body.reviewDay"},
		{words{"residentialFrom": "2027-01-01T00:00:00Z"}, "body.residentialFrom"},
		{words{"residentialTo": "2027-01-01"}, "body.residentialFrom"},
		{words{"residentialFrom": "2027-01-02", "residentialTo": "2027-01-01"}, "body.residentialTo"},
		{words{"residentialFrom": "2027-01-02", "reviewDay": "2027-01-01"}, "body.reviewDay"},
		{words{"id": "7"}, "body.id"},
	} {
		in := words{"kind": "group", "name": "X"}
		maps.Copy(in, c.in)
		if a := w.As("admin").Post("/api/spaces", in).Expect(422); !strings.Contains(a.Body, `"location":"`+c.field+`"`) {
			t.Errorf("%v does not name %s: %s", c.in, c.field, a.Body)
		}
	}
}

func TestEditingASpace(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	path := testkit.Path("/spaces/%s", w.Space("cohortA"))
	edit := func(version int, but words) words {
		in := words{"name": "Cohort A", "description": "", "residentialFrom": nil, "residentialTo": nil, "reviewDay": nil, "version": version}
		maps.Copy(in, but)
		return in
	}
	dates := words{"residentialFrom": "2027-03-27", "residentialTo": "2027-03-29", "reviewDay": "2027-10-31"}
	for who, want := range map[string]int{"stranger": 401, "outsider": 404, "otherModerator": 404, "member": 403} {
		w.As(who).Patch(path, edit(1, dates)).Expect(want)
	}
	for i, who := range []string{"facilitator", "moderator", "admin"} {
		var s spaces.Space
		w.As(who).Patch(path, edit(i+1, dates)).Expect(200).JSON(&s)
		if s.Version != i+2 || *s.ResidentialFrom != "2027-03-27" || *s.ResidentialTo != "2027-03-29" || *s.ReviewDay != "2027-10-31" {
			t.Errorf("%s: %+v", who, s)
		}
	}
	w.As("moderator").Patch(path, edit(4, words{"name": "Cohort Z"})).Problem(403, "not-allowed")
	w.As("admin").Patch(path, edit(4, words{"name": "Cohort B"})).Problem(409, "name-taken")
	var stale struct{ Current spaces.Space }
	w.As("facilitator").Patch(path, edit(3, nil)).Problem(409, "stale").JSON(&stale)
	if stale.Current.Version != 4 || stale.Current.ReviewDay == nil {
		t.Errorf("the stale edit answered %+v", stale.Current)
	}
	w.As("facilitator").Patch(path, edit(4, words{"reviewDay": "0000-12-31"})).Problem(422, "invalid")
	var s spaces.Space
	w.As("admin").Patch(path, edit(4, words{"name": "Cohort Z"})).Expect(200).JSON(&s)
	if s.Name != "Cohort Z" || s.ReviewDay != nil || s.ResidentialFrom != nil {
		t.Errorf("cleared: %+v", s)
	}
}

// TestTheLogOfASpace: roles, members and dates are kept for ever, shown to
// the space's moderators.
func TestTheLogOfASpace(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	cohort, member := w.Space("cohortA"), w.As("member")
	place := testkit.Path("/spaces/%s/members/%s", cohort, member.ID)
	w.As("admin").Patch(place, words{"role": "facilitator", "version": 1}).Expect(200)
	w.As("moderator").Delete(place).Expect(204)

	type entry struct {
		ActorID, SubjectID ids.ID
		Actor, Action      string
		SubjectKind        string
		Facts              words
	}
	type log struct {
		Items []entry
		Next  string
	}
	var page, before log
	w.As("moderator").Get(testkit.Path("/spaces/%s/audit?limit=1", cohort)).Expect(200).JSON(&page)
	if len(page.Items) != 1 || fmt.Sprint(page.Items[0]) != fmt.Sprint(entry{w.As("moderator").ID, member.ID, "moderator", "member-removed", "account", words{"role": "facilitator"}}) {
		t.Errorf("the last entry: %+v", page)
	}
	w.As("moderator").Get(testkit.Path("/spaces/%s/audit?cursor=%s", cohort, page.Next)).Expect(200).JSON(&before)
	if len(before.Items) != 1 || fmt.Sprint(before.Items[0]) != fmt.Sprint(entry{w.As("admin").ID, member.ID, "admin", "role-set", "account", words{"from": "member", "to": "facilitator"}}) {
		t.Errorf("the entry before: %+v", before)
	}
	for who, want := range map[string]int{"stranger": 401, "outsider": 404, "otherModerator": 404, "admin": 404, "facilitator": 403} {
		w.As(who).Get(testkit.Path("/spaces/%s/audit", cohort)).Expect(want)
	}
	for _, change := range []string{`update audit_entries set action = 'x'`, `delete from audit_entries`, `truncate audit_entries`} {
		err := w.DB.Tx(context.Background(), func(tx *db.Tx) error { _, err := tx.Exec(change); return err })
		if err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", change, err)
		}
	}
}
