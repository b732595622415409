package forum_test

import (
	"strings"
	"sync"
	"testing"

	"guildhall/server/access"
	"guildhall/server/config"
	"guildhall/server/db"
	"guildhall/server/forum"
	"guildhall/server/ids"
	"guildhall/server/testkit"
)

type dbTx = db.Tx

func TestStartingATopic(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	path := testkit.Path("/spaces/%s/topics", w.Space("cohortA"))
	in := words{"clientId": ids.NewUUID(), "title": "  Damp and\nmould ", "body": "# We had\n\n200 *cases* <script>alert(1)</script>"}
	var topic, again forum.Topic
	w.As("member").Post(path, in).Expect(201).JSON(&topic)
	if topic.Title != "Damp and mould" || topic.SpaceName != "Cohort A" || topic.Author.ID != w.As("member").ID || topic.LastPostBy.Name != "member" ||
		topic.Posts != 1 || topic.LastNumber != 1 || topic.LastReadNumber != 1 || topic.Unread != 0 || topic.Version != 1 || topic.Pinned || topic.Closed {
		t.Errorf("the topic is %+v", topic)
	}
	if topic.Excerpt != "We had 200 cases <script>alert(1)</script>" { // plain text, which screens escape
		t.Errorf("the excerpt is %q", topic.Excerpt)
	}
	if !has(topic.Can, access.PostTopic, "edit") {
		t.Errorf("the author can %v", topic.Can)
	}
	first := posts(w, "facilitator", topic.ID, "").Items[0]
	if first.Number != 1 || first.Author.ID != w.As("member").ID || strings.Contains(first.HTML, "<script") || !strings.Contains(first.HTML, "<em>cases</em>") {
		t.Errorf("the opening post is %+v", first)
	}

	w.As("member").Post(path, in).Expect(201).JSON(&again)
	if again.ID != topic.ID || len(list(w, "member", path).Items) != 1 {
		t.Errorf("sent twice it became %s and %s", topic.ID, again.ID)
	}
	w.As("member").Post(path, words{"clientId": in["clientId"], "title": "Another", "body": in["body"]}).Problem(409, "client-id-reused")
	w.As("member").Post(path, words{"clientId": in["clientId"], "title": in["title"], "body": "Another"}).Problem(409, "client-id-reused")
	network := testkit.Path("/spaces/%s/topics", w.Space("network"))
	w.As("member").Post(network, in).Problem(409, "client-id-reused")
	w.As("facilitator").Post(path, in).Expect(201).JSON(&again)
	if again.ID == topic.ID {
		t.Error("another person's topic with the same client id is the same one")
	}

	in["clientId"] = ids.NewUUID()
	w.As("outsider").Post(path, in).Problem(404, "not-found")
	w.As("outsider").Post(testkit.Path("/spaces/999999/topics"), in).Problem(404, "not-found")
	w.As("admin").Post(path, in).Problem(404, "not-found")
	w.As("stranger").Post(path, in).Problem(401, "sign-in")
}

func TestRetryingATopicFindsItAfterAnEdit(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	path := testkit.Path("/spaces/%s/topics", w.Space("cohortA"))
	in := words{"clientId": ids.NewUUID(), "title": "Damp", "body": "As it was first"}
	var topic, again forum.Topic
	w.As("member").Post(path, in).Expect(201).JSON(&topic)
	opening := posts(w, "member", topic.ID, "").Items[0]
	w.As("member").Patch(testkit.Path("/topics/%s", topic.ID), words{"title": "Mould", "version": 1}).Expect(200)
	w.As("member").Patch(testkit.Path("/posts/%s", opening.ID), words{"body": "As it is now", "version": 1}).Expect(200)
	w.As("member").Post(path, in).Expect(201).JSON(&again)
	if again.ID != topic.ID || again.Title != "Mould" || again.Excerpt != "As it is now" {
		t.Errorf("the retry gave %+v", again)
	}
	w.As("member").Delete(testkit.Path("/posts/%s", opening.ID)).Expect(204)
	w.As("member").Post(path, in).Problem(409, "topic-deleted")
}

func TestTheSameTopicAtTheSameMoment(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	path := testkit.Path("/spaces/%s/topics", w.Space("cohortA"))
	in := words{"clientId": ids.NewUUID(), "title": "Once", "body": "Once only"}
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if a := w.As("member").Post(path, in); a.Status != 201 {
				t.Errorf("answered %d: %s", a.Status, a.Body)
			}
		})
	}
	all.Wait()
	if n := len(list(w, "member", path).Items); n != 1 {
		t.Errorf("it was stored %d times", n)
	}
}

func TestHostileTopics(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	path := testkit.Path("/spaces/%s/topics", w.Space("cohortA"))
	good := func(change words) words {
		in := words{"clientId": ids.NewUUID(), "title": "Title", "body": "Body"}
		for k, v := range change {
			in[k] = v
		}
		return in
	}
	for name, in := range map[string]any{
		"no title":      good(words{"title": "   "}),
		"joiners":       good(words{"title": "\u200b\u2060"}),
		"NUL in title":  good(words{"title": "a\x00b"}),
		"escape":        good(words{"title": "a\x1b[31mb"}),
		"long title":    good(words{"title": strings.Repeat("é", 151)}),
		"NUL in body":   good(words{"body": "a\x00b"}),
		"empty body":    good(words{"body": " \n "}),
		"long body":     good(words{"body": strings.Repeat("é", 20001)}),
		"no client id":  words{"title": "Title", "body": "Body"},
		"odd client id": good(words{"clientId": "urn:uuid:" + ids.NewUUID()}),
		"not a client":  good(words{"clientId": strings.Repeat("z", 36)}),
		"unknown field": good(words{"pinned": true}),
		"a number":      good(words{"title": 7}),
		"null":          good(words{"body": nil}),
		"a list":        `[]`,
	} {
		if a := w.As("member").Post(path, in); a.Status != 422 {
			t.Errorf("%s answered %d: %s", name, a.Status, a.Body)
		}
	}
	w.As("member").Post(path, `{"clientId":`).Expect(400)
	w.As("member").Post(path, good(words{"body": strings.Repeat("a", 300<<10)})).Expect(413)
	for _, id := range []string{"0", "-1", "x", "999999999999999999999", "1%2e0"} {
		if a := w.As("member").Get("/api/topics/" + id); a.Status < 400 || a.Status >= 500 {
			t.Errorf("topic %s answered %d", id, a.Status)
		}
	}
	for _, query := range []string{"?cursor=x", "?cursor=WzFd", "?cursor=W10", "?limit=0", "?limit=201", "?limit=x", "?colour=red"} {
		if a := w.As("member").Get(path + query); a.Status != 422 {
			t.Errorf("%s answered %d: %s", query, a.Status, a.Body)
		}
	}
	if n := len(list(w, "member", path).Items); n != 0 {
		t.Errorf("%d topics of bad input were stored", n)
	}
	longest := start(w, "member", strings.Repeat("ŵ", 150))
	if longest.Title != strings.Repeat("ŵ", 150) {
		t.Errorf("the longest title became %q", longest.Title)
	}
	w.As("member").Post(path, good(words{"body": strings.Repeat("😀", 20000)})).Expect(201)
}

func TestListsOfTopics(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	path := testkit.Path("/spaces/%s/topics", w.Space("cohortA"))
	made := map[string]forum.Topic{}
	for _, title := range []string{"a", "b", "c", "d", "e"} {
		made[title] = start(w, "member", title)
	}
	reply(w, "facilitator", made["b"].ID, "b is the newest now")
	w.As("facilitator").Patch(testkit.Path("/topics/%s", made["a"].ID), words{"pinned": true, "version": 1}).Expect(200)
	var elsewhere forum.Topic
	w.As("outsider").Post(testkit.Path("/spaces/%s/topics", w.Space("cohortB")), words{"clientId": ids.NewUUID(), "title": "private", "body": "private"}).Expect(201).JSON(&elsewhere)
	w.As("outsider").Post(testkit.Path("/spaces/%s/topics", w.Space("network")), words{"clientId": ids.NewUUID(), "title": "shared", "body": "shared"}).Expect(201)

	for _, test := range []struct{ who, path, want string }{
		{"member", path, "a b e d c"},
		{"member", "/api/topics", "shared b e d c a"},
		{"outsider", "/api/topics", "shared private"},
		{"admin", "/api/topics", "shared"},
		{"member", "/api/topics?unread=true", "shared b"},
		{"moderator", "/api/topics?unread=true", "shared b e d c a"},
		{"outsider", "/api/topics?unread=true", ""},
	} {
		if got := titles(list(w, test.who, test.path).Items); got != test.want {
			t.Errorf("%s of %s: %q, want %q", test.path, test.who, got, test.want)
		}
		// The same, page by page.
		var paged []forum.Topic
		for cursor, pages := "", 0; pages < 10; pages++ {
			join := "?"
			if strings.Contains(test.path, "?") {
				join = "&"
			}
			page := list(w, test.who, test.path+join+"limit=2&cursor="+cursor)
			paged = append(paged, page.Items...)
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if got := titles(paged); got != test.want {
			t.Errorf("%s of %s in pages: %q, want %q", test.path, test.who, got, test.want)
		}
	}
	w.As("outsider").Get(path).Problem(404, "not-found")
	w.As("admin").Get(path).Problem(404, "not-found")
	w.As("stranger").Get(path).Problem(401, "sign-in")
	w.As("stranger").Get("/api/topics").Problem(401, "sign-in")
	w.As("member").Get(testkit.Path("/topics/%s", elsewhere.ID)).Problem(404, "not-found")
	w.As("stranger").Get(testkit.Path("/topics/%s", elsewhere.ID)).Problem(401, "sign-in")
}

func TestChangingATopic(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	topic := start(w, "member", "Damp")
	path := testkit.Path("/topics/%s", topic.ID)
	before := audited(w)

	w.As("facilitator").Patch(path, words{"title": "Mine now", "version": 1}).Problem(403, "not-allowed")
	w.As("member").Patch(path, words{"pinned": true, "version": 1}).Problem(403, "not-allowed")
	w.As("member").Patch(path, words{"title": "Both", "pinned": true, "version": 1}).Problem(403, "not-allowed")
	w.As("facilitator").Patch(path, words{"closed": true, "version": 1}).Problem(403, "not-allowed")
	w.As("outsider").Patch(path, words{"title": "Theirs", "version": 1}).Problem(404, "not-found")
	w.As("otherModerator").Patch(path, words{"closed": true, "version": 1}).Problem(404, "not-found")
	w.As("admin").Patch(path, words{"closed": true, "version": 1}).Problem(404, "not-found")
	w.As("stranger").Patch(path, words{"title": "Theirs", "version": 1}).Problem(401, "sign-in")
	w.As("member").Patch(path, words{"title": " ", "version": 1}).Problem(422, "invalid")
	w.As("member").Patch(path, words{"title": "No version"}).Problem(422, "invalid")
	if got := read(w, "member", topic.ID); got.Version != 1 || got.Title != "Damp" {
		t.Errorf("what was refused changed the topic: %+v", got)
	}

	var now forum.Topic
	w.As("member").Patch(path, words{"title": " Damp and mould ", "version": 1}).Expect(200).JSON(&now)
	if now.Title != "Damp and mould" || now.Version != 2 {
		t.Errorf("renamed it is %+v", now)
	}
	if audited(w) != before {
		t.Errorf("the author's own title is in the audit log: %s", audited(w))
	}
	var stale struct{ Current forum.Topic }
	w.As("member").Patch(path, words{"title": "Too late", "version": 1}).Problem(409, "stale").JSON(&stale)
	if stale.Current.Title != "Damp and mould" || stale.Current.Version != 2 {
		t.Errorf("the stale answer holds %+v", stale.Current)
	}
	w.As("facilitator").Patch(path, words{"pinned": true, "version": 2}).Expect(200).JSON(&now)
	w.As("facilitator").Patch(path, words{"pinned": true, "version": 3}).Expect(200).JSON(&now)
	if !now.Pinned || now.Version != 3 {
		t.Errorf("pinned twice it is %+v", now)
	}
	w.As("moderator").Patch(path, words{"title": "Damp, mould", "closed": true, "pinned": false, "version": 3}).Expect(200).JSON(&now)
	if now.Pinned || !now.Closed || now.Title != "Damp, mould" || now.Version != 4 {
		t.Errorf("the moderator made it %+v", now)
	}
	if !has(now.Can, "edit", access.PinTopic, access.CloseTopic, access.RemoveContent) || !has(read(w, "member", topic.ID).Can, "edit") || !has(read(w, "facilitator", topic.ID).Can, access.PinTopic) {
		t.Errorf("in a closed topic the moderator can %v", now.Can)
	}
	w.As("member").Post(path+"/posts", words{"clientId": ids.NewUUID(), "body": "One more"}).Problem(409, "topic-closed")
	w.As("moderator").Post(path+"/posts", words{"clientId": ids.NewUUID(), "body": "One more"}).Problem(409, "topic-closed")
	w.As("moderator").Patch(path, words{"closed": false, "version": 4}).Expect(200)
	reply(w, "member", topic.ID, "One more")
	if got := strings.TrimSpace(strings.TrimSuffix(audited(w), before)); got != "topic-reopened topic-closed topic-unpinned topic-renamed topic-pinned" {
		t.Errorf("the audit log holds %q", got)
	}
}

func TestWhatIsUnread(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	topic := start(w, "member", "Damp")
	path := testkit.Path("/topics/%s/read", topic.ID)
	unread := func(who string, want int) {
		t.Helper()
		if got := read(w, who, topic.ID); got.Unread != want {
			t.Errorf("%s has %d unread, want %d", who, got.Unread, want)
		}
	}
	for _, who := range []string{"member", "facilitator", "member", "moderator"} { // 2 to 5
		reply(w, who, topic.ID, "from "+who)
	}
	unread("member", 2)      // 3 and 5; opened with 1, and 2 directly followed
	unread("facilitator", 4) // never opened: all but their own
	unread("moderator", 4)
	if got := read(w, "member", topic.ID); got.LastReadNumber != 2 {
		t.Errorf("the author has read up to %d, want their own second post", got.LastReadNumber)
	}
	var r forum.TopicRead
	w.As("facilitator").Put(path, words{"number": 0}).Expect(200).JSON(&r)
	if r.LastReadNumber != 0 || r.Unread != 4 {
		t.Errorf("reading nothing: %+v", r)
	}
	w.As("facilitator").Put(path, words{"number": 4}).Expect(200).JSON(&r)
	if r.LastReadNumber != 4 || r.Unread != 1 || r.Topic != topic.ID {
		t.Errorf("reading up to 4: %+v", r)
	}
	w.As("facilitator").Put(path, words{"number": 2}).Expect(200).JSON(&r)
	if r.LastReadNumber != 4 || r.Unread != 1 {
		t.Errorf("the mark went back: %+v", r)
	}
	w.As("facilitator").Put(path, words{"number": 1 << 40}).Expect(200).JSON(&r)
	if r.LastReadNumber != 5 || r.Unread != 0 {
		t.Errorf("reading beyond the end: %+v", r)
	}
	p := reply(w, "member", topic.ID, "another")
	unread("facilitator", 1)
	w.As("member").Patch(testkit.Path("/posts/%s", p.ID), words{"body": "edited", "version": 1}).Expect(200)
	unread("facilitator", 1) // an edit raises nothing
	w.As("member").Delete(testkit.Path("/posts/%s", p.ID)).Expect(204)
	unread("facilitator", 0)

	// Somebody who comes later has unread only what was said since.
	late := w.AddPerson("late", access.SiteMember, map[string]access.Role{"cohortA": access.Member})
	if _, err := w.DB.ExecContext(t.Context(), `update memberships set joined_at = now() where account_id = $1`, late.ID); err != nil {
		t.Fatal(err)
	}
	unread("late", 0)
	reply(w, "member", topic.ID, "welcome")
	unread("late", 1)
	if got := titles(list(w, "late", "/api/topics?unread=true").Items); got != "Damp" {
		t.Errorf("the newcomer's unread topics: %q", got)
	}

	w.As("member").Put(path, words{"number": -1}).Problem(422, "invalid")
	w.As("outsider").Put(path, words{"number": 1}).Problem(404, "not-found")
	w.As("stranger").Put(path, words{"number": 1}).Problem(401, "sign-in")
}

func TestUnreadIsCountedToAHundred(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	topic := start(w, "member", "Busy")
	path := testkit.Path("/topics/%s/posts", topic.ID)
	for range 101 {
		w.As("member").Post(path, words{"clientId": ids.NewUUID(), "body": "more"}).Expect(201)
	}
	if got := read(w, "facilitator", topic.ID); got.Unread != 100 || got.Posts != 102 {
		t.Errorf("%d unread of %d", got.Unread, got.Posts)
	}
}

func TestWritingHasALimit(t *testing.T) {
	t.Parallel()
	w := testkit.New(t, testkit.Options{Config: func(c *config.Config) { c.LimitMessages = 2 }})
	topic := start(w, "member", "Damp")
	p := reply(w, "member", topic.ID, "two")
	a := w.As("member").Post(testkit.Path("/topics/%s/posts", topic.ID), words{"clientId": ids.NewUUID(), "body": "three"}).Problem(429, "too-many")
	if a.Header.Get("Retry-After") == "" {
		t.Error("the answer does not say when to try again")
	}
	w.As("member").Post(testkit.Path("/spaces/%s/topics", w.Space("cohortA")), words{"clientId": ids.NewUUID(), "title": "t", "body": "b"}).Problem(429, "too-many")
	w.As("member").Patch(testkit.Path("/posts/%s", p.ID), words{"body": "b", "version": 1}).Problem(429, "too-many")
	w.As("member").Patch(testkit.Path("/topics/%s", topic.ID), words{"title": "b", "version": 1}).Problem(429, "too-many")
	reply(w, "facilitator", topic.ID, "somebody else")
	load := w.As("member").Actor()
	load.Load = true
	for range 5 {
		if _, err := w.Forum.Reply(t.Context(), load, topic.ID, ids.NewUUID(), "measured"); err != nil {
			t.Fatal(err)
		}
	}
}
