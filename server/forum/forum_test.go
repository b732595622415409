package forum_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"guildhall/server/access"
	"guildhall/server/forum"
	"guildhall/server/ids"
	"guildhall/server/realtime"
	"guildhall/server/testkit"
)

type topicsPage struct {
	Items []forum.Topic
	Next  string
}

type words map[string]any

// start opens a topic in cohort A.
func start(w *testkit.World, who, title string) forum.Topic {
	w.T.Helper()
	var t forum.Topic
	w.As(who).Post(testkit.Path("/spaces/%s/topics", w.Space("cohortA")), words{"clientId": ids.NewUUID(), "title": title, "body": title + ", in **full**."}).Expect(201).JSON(&t)
	return t
}

// reply adds a post and gives it.
func reply(w *testkit.World, who string, topic ids.ID, body string) forum.Post {
	w.T.Helper()
	var p forum.Post
	w.As(who).Post(testkit.Path("/topics/%s/posts", topic), words{"clientId": ids.NewUUID(), "body": body}).Expect(201).JSON(&p)
	return p
}

func read(w *testkit.World, who string, topic ids.ID) forum.Topic {
	w.T.Helper()
	var t forum.Topic
	w.As(who).Get(testkit.Path("/topics/%s", topic)).Expect(200).JSON(&t)
	return t
}

func posts(w *testkit.World, who string, topic ids.ID, query string) forum.PostHistory {
	w.T.Helper()
	var h forum.PostHistory
	w.As(who).Get(testkit.Path("/topics/%s/posts%s", topic, query)).Expect(200).JSON(&h)
	return h
}

func list(w *testkit.World, who, path string) topicsPage {
	w.T.Helper()
	var page topicsPage
	w.As(who).Get(path).Expect(200).JSON(&page)
	return page
}

func titles(list []forum.Topic) string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = t.Title
	}
	return strings.Join(out, " ")
}

func has(can []access.Action, wanted ...access.Action) bool {
	if len(can) != len(wanted) {
		return false
	}
	for i := range can {
		if can[i] != wanted[i] {
			return false
		}
	}
	return true
}

// audited lists what the audit log of cohort A holds, newest first.
func audited(w *testkit.World) string {
	w.T.Helper()
	var page struct{ Items []struct{ Action string } }
	w.As("moderator").Get(testkit.Path("/spaces/%s/audit", w.Space("cohortA"))).Expect(200).JSON(&page)
	out := make([]string, len(page.Items))
	for i, e := range page.Items {
		out[i] = e.Action
	}
	return strings.Join(out, " ")
}

// watch collects what the forum tells live.
func watch(w *testkit.World) (notices func() []realtime.Notice) {
	var mu sync.Mutex
	var got []realtime.Notice
	w.Bus.Listen(func(n realtime.Notice) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, n)
	})
	return func() []realtime.Notice {
		mu.Lock()
		defer mu.Unlock()
		return append([]realtime.Notice{}, got...)
	}
}

func TestScreensAreTold(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	notices := watch(w)
	topic := start(w, "member", "Damp")
	p := reply(w, "facilitator", topic.ID, "secret words")
	w.As("facilitator").Patch(testkit.Path("/posts/%s", p.ID), words{"body": "other words", "version": 1}).Expect(200)
	w.As("facilitator").Patch(testkit.Path("/topics/%s", topic.ID), words{"pinned": true, "version": 1}).Expect(200)
	w.As("moderator").Delete(testkit.Path("/posts/%s", p.ID)).Expect(204)
	w.As("moderator").Put(testkit.Path("/topics/%s/read", topic.ID), words{"number": 2}).Expect(200)
	w.As("moderator").Patch(testkit.Path("/topics/%s", topic.ID), words{"pinned": false, "version": 1}).Problem(409, "stale")

	want := []forum.Frame{
		{Kind: "started", Number: 1, Posts: 1, Author: w.As("member").ID},
		{Kind: "post", Number: 2, Posts: 2, Author: w.As("facilitator").ID},
		{Kind: "changed", Number: 2, Posts: 2, Author: w.As("facilitator").ID},
		{Kind: "changed", Number: 0, Posts: 2, Author: w.As("facilitator").ID},
		{Kind: "changed", Number: 2, Posts: 1, Author: w.As("moderator").ID},
	}
	testkit.Eventually(t, "all frames", func() bool { return len(notices()) >= len(want)+1 })
	got := notices()
	if len(got) != len(want)+1 {
		t.Fatalf("%d notices, want %d", len(got), len(want)+1)
	}
	for i, n := range want {
		n.Type, n.Space, n.Topic = "topic", w.Space("cohortA"), topic.ID
		var f forum.Frame
		if err := json.Unmarshal(got[i].Frame, &f); err != nil || f != n || got[i].Space != n.Space {
			t.Errorf("frame %d is %s for space %s, want %+v", i, got[i].Frame, got[i].Space, n)
		}
		if strings.Contains(string(got[i].Frame), "words") {
			t.Errorf("a frame holds what people wrote: %s", got[i].Frame)
		}
	}
	last := got[len(want)]
	var r forum.TopicRead
	if err := json.Unmarshal(last.Frame, &r); err != nil || last.Account != w.As("moderator").ID || r.Type != "topic-read" || r.LastReadNumber != 2 || r.Unread != 0 {
		t.Errorf("the reader's other devices get %s", last.Frame)
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	at := time.Now().Add(-time.Hour).UTC()
	author, other := w.As("moderator").ID, w.As("member").ID
	row := forum.Row{SourceKey: "demo:1", SpaceID: w.Space("cohortA"), Title: "From the residential", Pinned: true, Posts: []forum.RowPost{
		{AuthorID: author, At: at, Body: "First *words*"}, {AuthorID: other, At: at.Add(time.Minute), Body: "Second, with {braces} and \"quotes\""},
	}}
	load := func(rows ...forum.Row) error {
		return w.DB.Tx(t.Context(), func(tx *dbTx) error { return forum.Load(t.Context(), tx, rows) })
	}
	for range 2 {
		if err := load(row); err != nil {
			t.Fatal(err)
		}
	}
	page := list(w, "facilitator", testkit.Path("/spaces/%s/topics", w.Space("cohortA")))
	if len(page.Items) != 1 {
		t.Fatalf("loaded twice: %+v", page.Items)
	}
	got := page.Items[0]
	if got.Title != row.Title || !got.Pinned || got.Closed || got.Posts != 2 || got.LastNumber != 2 || got.Unread != 2 || got.Excerpt != "First words" || got.LastPostBy.ID != other {
		t.Errorf("the topic is %+v", got)
	}
	h := posts(w, "facilitator", got.ID, "")
	if len(h.Items) != 2 || h.Items[1].Body != row.Posts[1].Body || !h.Items[1].CreatedAt.Equal(at.Add(time.Minute).Truncate(time.Millisecond)) {
		t.Errorf("the posts are %+v", h.Items)
	}
	if p := reply(w, "facilitator", got.ID, "Third"); p.Number != 3 {
		t.Errorf("the next post has the number %d", p.Number)
	}
	row.SourceKey, row.Posts[0].At = "demo:2", at.Add(time.Hour)
	if err := load(row); err == nil {
		t.Error("posts out of order were loaded")
	}
	if err := load(forum.Row{SourceKey: "demo:3", SpaceID: w.Space("cohortA"), Title: "Empty"}); err == nil {
		t.Error("a topic without a post was loaded")
	}
}
