package spaces_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"guildhall/server/access"
	"guildhall/server/ids"
	"guildhall/server/spaces"
	"guildhall/server/testkit"
)

// roster lists name:role of a space, a few at a time.
func roster(w *testkit.World, who string, space ids.ID) (out []string) {
	w.T.Helper()
	for cursor := ""; ; {
		var page struct {
			Items []spaces.Member
			Next  string
		}
		w.As(who).Get(testkit.Path("/spaces/%s/members?limit=1&cursor=%s", space, cursor)).Expect(200).JSON(&page)
		for _, m := range page.Items {
			out = append(out, fmt.Sprint(m.Person.Name, ":", m.Role))
		}
		if cursor = page.Next; cursor == "" {
			return out
		}
	}
}

func TestRoster(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	cohort := w.Space("cohortA")
	w.AddPerson("Ållan", access.SiteMember, map[string]access.Role{"cohortA": access.Member})
	w.AddPerson("alice", access.SiteMember, map[string]access.Role{"cohortA": access.Member})
	w.AddPerson("Bob", access.SiteMember, map[string]access.Role{"cohortA": access.Member})
	want := []string{"facilitator:facilitator", "moderator:moderator", "alice:member", "Bob:member", "member:member", "Ållan:member"}
	for _, who := range []string{"member", "admin"} { // an admin sets spaces up, so sees who is in
		if got := roster(w, who, cohort); !slices.Equal(got, want) {
			t.Errorf("%s sees %v, want %v", who, got, want)
		}
	}
	path := testkit.Path("/spaces/%s/members", cohort)
	w.As("outsider").Get(path).Problem(404, "not-found")
	w.As("stranger").Get(path).Problem(401, "sign-in")
	for _, bad := range []string{"?limit=0", "?limit=201", "?limit=x", "?cursor=x", "?cursor=WzFd", "?order=name"} {
		w.As("member").Get(path + bad).Expect(422)
	}
}

func TestAddingAMember(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	path := testkit.Path("/spaces/%s/members", w.Space("cohortA"))
	add := func(who, email, name, role string) *testkit.Answer {
		in := words{"email": email}
		if name != "" {
			in["name"] = name
		}
		if role != "" {
			in["role"] = role
		}
		return w.As(who).Post(path, in)
	}
	for who, want := range map[string]int{"stranger": 401, "outsider": 404, "otherModerator": 404, "member": 403} {
		add(who, "new@council.example", "New", "").Expect(want)
	}
	var m spaces.Member
	add("facilitator", " New@Council.example ", "New Person", "").Expect(201).JSON(&m)
	if m.Person.Name != "New Person" || m.Role != access.Member || m.SteppedIn {
		t.Errorf("added: %+v", m)
	}
	add("moderator", "new@council.example", "", "").Problem(409, "already-member")
	if got := roster(w, "member", w.Space("network")); !slices.Contains(got, "New Person:member") {
		t.Errorf("everybody is in the network, but it holds %v", got)
	}

	// Only an admin makes hosts, and editors are in the network only.
	add("moderator", "outsider@council.example", "", "moderator").Problem(403, "not-allowed")
	add("admin", "outsider@council.example", "", "editor").Problem(422, "invalid")
	add("admin", "outsider@council.example", "Not Their Name", "facilitator").Expect(201).JSON(&m)
	if m.Person.Name != "outsider" || m.Role != access.Facilitator {
		t.Errorf("a person who was there already: %+v", m)
	}
	if got := names(w, "outsider"); !slices.Contains(got, "Cohort A:facilitator") {
		t.Errorf("the next request of whoever was added sees %v", got)
	}
	for _, c := range []struct{ email, name, role, field string }{
		{"who@council.example", "", "", "body.name"},
		{"who@council.example", "a\nb", "", "body.name"},
		{"who", "Who", "", "body.email"},
		{"a@b.example\r\nBcc: c@d.example", "Who", "", "body.email"},
		{"who@council.example", "Who", "owner", "body.role"},
	} {
		if a := add("facilitator", c.email, c.name, c.role).Expect(422); !strings.Contains(a.Body, `"location":"`+c.field+`"`) {
			t.Errorf("%+v: %s", c, a.Body)
		}
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	cohort := w.Space("cohortA")
	place := func(who string) string { return testkit.Path("/spaces/%s/members/%s", cohort, w.As(who).ID) }
	for who, want := range map[string]int{"stranger": 401, "outsider": 404, "otherModerator": 404, "member": 403, "facilitator": 403, "moderator": 403} {
		w.As(who).Patch(place("member"), words{"role": "moderator", "version": 1}).Expect(want)
	}
	w.As("admin").Patch(place("outsider"), words{"role": "member", "version": 1}).Problem(404, "not-found")
	w.As("admin").Patch(place("member"), words{"role": "editor", "version": 1}).Problem(422, "invalid")
	w.As("admin").Patch(place("moderator"), words{"role": "member", "version": 1}).Problem(409, "last-moderator")
	w.As("moderator").Delete(place("moderator")).Problem(409, "last-moderator")
	var m spaces.Member
	w.As("admin").Patch(place("member"), words{"role": "moderator", "version": 1}).Expect(200).JSON(&m)
	if m.Role != access.Moderator || !slices.Contains(get(w, "member", cohort).Can, access.RemoveMember) {
		t.Errorf("after the change: %+v", m)
	}
	w.As("admin").Patch(testkit.Path("/spaces/%s/members/%s", w.Space("network"), w.As("member").ID), words{"role": "editor", "version": 1}).Expect(200)
}

// TestTwoModeratorsLeaveAtOnce: one of them has to stay.
func TestTwoModeratorsLeaveAtOnce(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	people := []*testkit.Person{w.As("moderator")}
	for i := range 3 {
		people = append(people, w.AddPerson(fmt.Sprint("m", i), access.SiteMember, map[string]access.Role{"cohortA": access.Moderator}))
	}
	var group sync.WaitGroup
	for _, p := range people {
		group.Go(func() { p.Delete(testkit.Path("/spaces/%s/members/%s", w.Space("cohortA"), p.ID)) })
	}
	group.Wait()
	if got := strings.Count(fmt.Sprint(roster(w, "member", w.Space("cohortA"))), ":moderator"); got != 1 {
		t.Errorf("%d moderators are left", got)
	}
}

func TestStepIn(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	cohort := w.Space("cohortA")
	path := testkit.Path("/spaces/%s/step-in", cohort)
	for who, want := range map[string]int{"stranger": 401, "outsider": 404, "member": 403, "moderator": 403} {
		w.As(who).Post(path, nil).Expect(want)
	}
	topics := testkit.Path("/spaces/%s/topics", cohort)
	w.As("admin").Get(topics).Problem(404, "not-found")
	var s spaces.Space
	w.As("admin").Post(path, nil).Expect(200).JSON(&s)
	w.As("admin").Get(topics).Expect(200)
	if s.Role != "moderator" || !slices.Contains(s.Can, access.CloseTopic) {
		t.Errorf("stepped in: %+v", s)
	}
	var page struct{ Items []spaces.Member }
	w.As("member").Get(testkit.Path("/spaces/%s/members", cohort)).Expect(200).JSON(&page)
	if i := slices.IndexFunc(page.Items, func(m spaces.Member) bool { return m.Person.Name == "admin" }); i < 0 || !page.Items[i].SteppedIn {
		t.Errorf("the members do not see it: %+v", page.Items)
	}
	if a := w.As("moderator").Get(testkit.Path("/spaces/%s/audit", cohort)).Expect(200); !strings.Contains(a.Body, `"stepped-in"`) {
		t.Errorf("the log does not know: %s", a.Body)
	}
}

// TestRemoval: whoever is removed reads nothing with the next request, and
// nothing reaches their screens a second later.
func TestRemoval(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	cohort, member := w.Space("cohortA"), w.As("member")
	place := testkit.Path("/spaces/%s/members/%s", cohort, member.ID)
	var room struct{ ID ids.ID }
	w.As("facilitator").Post(testkit.Path("/spaces/%s/rooms", cohort), words{"name": "Room"}).Expect(201).JSON(&room)
	var topic struct{ ID ids.ID }
	member.Post(testkit.Path("/spaces/%s/topics", cohort), words{"clientId": ids.NewUUID(), "title": "Mine", "body": "b"}).Expect(201).JSON(&topic)
	for who, want := range map[string]int{"stranger": 401, "outsider": 404, "otherModerator": 404, "facilitator": 403} {
		w.As(who).Delete(place).Expect(want)
	}

	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(w.URL, "http")+"/api/live", http.Header{"Origin": {w.URL}, "Cookie": {"guildhall=" + member.Token}})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	for _, to := range []words{{"type": "subscribe", "room": room.ID, "after": 0}, {"type": "subscribe", "space": cohort}} {
		if err := ws.WriteJSON(to); err != nil {
			t.Fatal(err)
		}
	}
	frames := make(chan string, 100)
	go func() {
		defer close(frames)
		for {
			_, data, err := ws.ReadMessage()
			if err != nil {
				return
			}
			frames <- string(data)
		}
	}()
	say := func(body string) {
		w.As("facilitator").Post(testkit.Path("/rooms/%s/messages", room.ID), words{"clientId": ids.NewUUID(), "body": body}).Expect(201)
	}
	wait := func(sign string) {
		t.Helper()
		for late := time.After(5 * time.Second); ; {
			select {
			case f := <-frames:
				if strings.Contains(f, sign) {
					return
				}
			case <-late:
				t.Fatalf("no frame with %s", sign)
			}
		}
	}
	say("heard")
	wait("heard")

	w.As("moderator").Delete(place).Expect(204)
	for path, id := range map[string]ids.ID{
		"/spaces/%s": cohort, "/spaces/%s/members": cohort, "/spaces/%s/topics": cohort, "/spaces/%s/rooms": cohort,
		"/rooms/%s": room.ID, "/rooms/%s/messages": room.ID, "/rooms/%s/changes?after=0": room.ID,
		"/topics/%s": topic.ID, "/topics/%s/posts": topic.ID,
	} {
		member.Get(testkit.Path(path, id)).Problem(404, "not-found")
	}
	member.Post(testkit.Path("/rooms/%s/messages", room.ID), words{"clientId": ids.NewUUID(), "body": "b"}).Problem(404, "not-found")
	wait(`"access"`)
	say("not for you")
	w.As("facilitator").Post(testkit.Path("/topics/%s/posts", topic.ID), words{"clientId": ids.NewUUID(), "body": "not for you"}).Expect(201)
	if err := ws.WriteJSON(words{"type": "subscribe", "room": room.ID, "after": 0}); err != nil {
		t.Fatal(err)
	}
	for late := time.After(time.Second); late != nil; {
		select {
		case f := <-frames:
			var kind struct{ Type string }
			if err := json.Unmarshal([]byte(f), &kind); err != nil || !slices.Contains([]string{"refused", "access", "heartbeat"}, kind.Type) {
				t.Errorf("after the removal there came %s", f)
			}
		case <-late:
			late = nil
		}
	}

	// Nobody leaves the network, and who is gone cannot go again.
	network := testkit.Path("/spaces/%s/members/%s", w.Space("network"), member.ID)
	w.As("admin").Delete(network).Problem(409, "network-member")
	w.As("moderator").Delete(place).Problem(404, "not-found")
	w.As("facilitator").Post(testkit.Path("/spaces/%s/members", cohort), words{"email": member.Email}).Expect(201)
	member.Get(testkit.Path("/rooms/%s/messages", room.ID)).Expect(200)
	var ended int
	if err := w.DB.GetContext(context.Background(), &ended, `select count(*) from memberships where account_id = $1 and space_id = $2 and ended_by = $3`, member.ID, cohort, w.As("moderator").ID); err != nil || ended != 1 {
		t.Errorf("the ended membership: %d, %v", ended, err)
	}
}
