package forum_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"guildhall/server/forum"
	"guildhall/server/ids"
	"guildhall/server/testkit"
)

func numbers(h forum.PostHistory) string {
	out := []string{}
	for _, p := range h.Items {
		out = append(out, fmt.Sprint(p.Number))
	}
	return strings.Join(out, " ")
}

func TestReplying(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	topic := start(w, "member", "Damp")
	path := testkit.Path("/topics/%s/posts", topic.ID)
	in := words{"clientId": ids.NewUUID(), "body": "We *did*. javascript: [x](javascript:alert(1)) <img src=x onerror=alert(1)>"}
	var first, again forum.Post
	w.As("facilitator").Post(path, in).Expect(201).JSON(&first)
	w.As("facilitator").Post(path, in).Expect(201).JSON(&again)
	if first.ID != again.ID || first.Number != 2 || again.Number != 2 || first.Author.Name != "facilitator" || !has(first.Can, "edit", "delete") {
		t.Errorf("sent twice: %+v and %+v", first, again)
	}
	if strings.Contains(first.HTML, "<img") || strings.Contains(first.HTML, `href="javascript`) || !strings.Contains(first.HTML, "<em>did</em>") {
		t.Errorf("the HTML is %s", first.HTML)
	}
	w.As("facilitator").Post(path, words{"clientId": in["clientId"], "body": "Another"}).Problem(409, "client-id-reused")
	other := start(w, "member", "Another")
	w.As("facilitator").Post(testkit.Path("/topics/%s/posts", other.ID), in).Problem(409, "client-id-reused")
	w.As("facilitator").Post(testkit.Path("/spaces/%s/topics", w.Space("cohortA")), words{"clientId": in["clientId"], "title": "t", "body": in["body"]}).Problem(409, "client-id-reused")

	// A retry after the topic was closed, or the post edited, still finds it.
	w.As("facilitator").Patch(testkit.Path("/posts/%s", first.ID), words{"body": "We did.", "version": 1}).Expect(200)
	w.As("moderator").Patch(testkit.Path("/topics/%s", topic.ID), words{"closed": true, "version": 1}).Expect(200)
	w.As("facilitator").Post(path, in).Expect(201).JSON(&again)
	if again.ID != first.ID || again.Body != "We did." {
		t.Errorf("the retry gave %+v", again)
	}

	now := read(w, "member", topic.ID)
	if now.Posts != 2 || now.LastNumber != 2 || now.LastPostBy.Name != "facilitator" || !now.LastPostAt.Equal(first.CreatedAt) {
		t.Errorf("the topic is %+v", now)
	}
	in["clientId"] = ids.NewUUID()
	w.As("outsider").Post(path, in).Problem(404, "not-found")
	w.As("member").Post("/api/topics/999999/posts", in).Problem(404, "not-found")
	w.As("admin").Post(path, in).Problem(404, "not-found")
	w.As("stranger").Post(path, in).Problem(401, "sign-in")
	for name, bad := range map[string]any{
		"NUL": words{"clientId": ids.NewUUID(), "body": "a\x00"}, "blank": words{"clientId": ids.NewUUID(), "body": " "},
		"long": words{"clientId": ids.NewUUID(), "body": strings.Repeat("a", 20001)}, "author": words{"clientId": ids.NewUUID(), "body": "a", "authorId": "1"},
		"id": words{"clientId": "1", "body": "a"}, "none": words{"clientId": ids.NewUUID()}, "a string": `"x"`,
	} {
		if a := w.As("member").Post(testkit.Path("/topics/%s/posts", other.ID), bad); a.Status != 422 {
			t.Errorf("%s answered %d: %s", name, a.Status, a.Body)
		}
	}
}

func TestTwentyPostersLeaveNoGap(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	topic := start(w, "member", "Busy")
	path := testkit.Path("/topics/%s/posts", topic.ID)
	people := []string{"member", "facilitator", "moderator"}
	const posters, each = 20, 5
	var all sync.WaitGroup
	for i := range posters {
		all.Go(func() {
			who := w.As(people[i%len(people)])
			for n := range each {
				in := words{"clientId": ids.NewUUID(), "body": fmt.Sprintf("post %d of %d", n, i)}
				for range 2 { // each is sent twice, as by a client that lost the answer
					if a := who.Post(path, in); a.Status != 201 {
						t.Errorf("answered %d: %s", a.Status, a.Body)
					}
				}
				if n == 2 { // what is refused must not burn a number
					in["body"] = "another"
					if a := who.Post(path, in); a.Status != 409 {
						t.Errorf("another body answered %d: %s", a.Status, a.Body)
					}
				}
			}
		})
	}
	all.Wait()
	h := posts(w, "member", topic.ID, "?limit=200")
	if len(h.Items) != posters*each+1 || h.LastNumber != posters*each+1 || h.HasAfter || h.HasBefore {
		t.Fatalf("%d posts up to number %d", len(h.Items), h.LastNumber)
	}
	seen := map[string]bool{}
	for i, p := range h.Items {
		if p.Number != int64(i+1) || seen[p.Body] {
			t.Errorf("place %d holds number %d: %s", i, p.Number, p.Body)
		}
		seen[p.Body] = true
	}
	if got := read(w, "member", topic.ID); got.Posts != posters*each+1 || got.LastNumber != posters*each+1 {
		t.Errorf("the topic counts %d, last %d", got.Posts, got.LastNumber)
	}
}

func TestReadingAStretch(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	topic := start(w, "member", "Long")
	for range 9 {
		reply(w, "facilitator", topic.ID, "more")
	}
	for query, want := range map[string]string{
		"":                                    "1 2 3 4 5 6 7 8 9 10",
		"?limit=3":                            "1 2 3 +",
		"?after=3&limit=3":                    "- 4 5 6 +",
		"?after=9":                            "- 10",
		"?after=10":                           "-",
		"?after=9223372036854775807":          "-",
		"?before=4&limit=2":                   "- 2 3 +",
		"?before=1":                           "+",
		"?before=9223372036854775807&limit=2": "- 9 10",
		"?around=5&limit=3":                   "- 4 5 6 +",
		"?around=1&limit=3":                   "1 2 3 +",
		"?around=10&limit=3":                  "- 8 9 10",
		"?around=9223372036854775807&limit=2": "- 9 10",
		"?around=5&limit=1":                   "- 5 +",
		"?around=5&limit=200":                 "1 2 3 4 5 6 7 8 9 10",
	} {
		h := posts(w, "moderator", topic.ID, query)
		got := numbers(h)
		if h.HasBefore {
			got = "- " + got
		}
		if h.HasAfter {
			got += " +"
		}
		if strings.TrimSpace(got) != want || h.LastNumber != 10 {
			t.Errorf("%q gave %q, want %q", query, got, want)
		}
	}
	path := testkit.Path("/topics/%s/posts", topic.ID)
	for _, query := range []string{"?after=1&before=5", "?around=0", "?before=0", "?after=-1", "?limit=201", "?after=x", "?after=99999999999999999999"} {
		if a := w.As("member").Get(path + query); a.Status != 422 {
			t.Errorf("%s answered %d: %s", query, a.Status, a.Body)
		}
	}
	w.As("outsider").Get(path).Problem(404, "not-found")
	w.As("admin").Get(path).Problem(404, "not-found")
	w.As("stranger").Get(path).Problem(401, "sign-in")
}

func TestEditingKeepsTheOldWords(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	topic := start(w, "member", "Damp")
	p := reply(w, "member", topic.ID, "first wording")
	path := testkit.Path("/posts/%s", p.ID)
	var now forum.Post
	w.As("member").Patch(path, words{"body": "second wording", "version": 1}).Expect(200).JSON(&now)
	if now.Body != "second wording" || now.HTML != "<p>second wording</p>" || now.Version != 2 || now.EditedAt == nil || now.Number != 2 {
		t.Errorf("edited it is %+v", now)
	}
	var stale struct{ Current forum.Post }
	w.As("member").Patch(path, words{"body": "from another device", "version": 1}).Problem(409, "stale").JSON(&stale)
	if stale.Current.Body != "second wording" || stale.Current.Version != 2 || !has(stale.Current.Can, "edit", "delete") {
		t.Errorf("the stale answer holds %+v", stale.Current)
	}
	w.As("member").Patch(path, words{"body": "second wording", "version": 2}).Expect(200).JSON(&now)
	if now.Version != 2 {
		t.Errorf("the same words made version %d", now.Version)
	}
	w.As("member").Patch(path, words{"body": "third wording", "version": 2}).Expect(200)

	var versions struct{ Items []forum.PostVersion }
	w.As("moderator").Get(path + "/versions").Expect(200).JSON(&versions)
	got := []string{}
	for _, v := range versions.Items {
		got = append(got, fmt.Sprint(v.Version, " ", v.Body, " ", v.HTML))
	}
	if want := "1 first wording <p>first wording</p>; 2 second wording <p>second wording</p>; 3 third wording <p>third wording</p>"; strings.Join(got, "; ") != want {
		t.Errorf("the versions are %v", got)
	}
	if !versions.Items[0].EditedAt.Equal(p.CreatedAt) || !versions.Items[1].EditedAt.Equal(*now.EditedAt) {
		t.Errorf("the times of the versions are wrong: %+v", versions.Items)
	}

	w.As("facilitator").Patch(path, words{"body": "not mine", "version": 3}).Problem(403, "not-allowed")
	w.As("moderator").Patch(path, words{"body": "not mine", "version": 3}).Problem(403, "not-allowed")
	w.As("outsider").Patch(path, words{"body": "not mine", "version": 3}).Problem(404, "not-found")
	w.As("admin").Patch(path, words{"body": "not mine", "version": 3}).Problem(404, "not-found")
	w.As("stranger").Patch(path, words{"body": "not mine", "version": 3}).Problem(401, "sign-in")
	w.As("member").Patch("/api/posts/999999", words{"body": "x", "version": 1}).Problem(404, "not-found")
	w.As("member").Patch(path, words{"body": "a\x00", "version": 3}).Problem(422, "invalid")
	w.As("member").Patch(path, words{"body": "x"}).Problem(422, "invalid")
	w.As("outsider").Get(path+"/versions").Problem(404, "not-found")
	w.As("stranger").Get(path+"/versions").Problem(401, "sign-in")
}

func TestTwoEditsAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	topic := start(w, "member", "Damp")
	p := reply(w, "member", topic.ID, "wording 0")
	path := testkit.Path("/posts/%s", p.ID)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			version := 1
			for {
				a := w.As("member").Patch(path, words{"body": fmt.Sprintf("wording %d", i+1), "version": version})
				if a.Status == 200 {
					return
				}
				var stale struct{ Current forum.Post }
				a.Problem(409, "stale").JSON(&stale)
				version = stale.Current.Version
			}
		})
	}
	all.Wait()
	var versions struct{ Items []forum.PostVersion }
	w.As("member").Get(path + "/versions").Expect(200).JSON(&versions)
	seen := map[string]bool{}
	for i, v := range versions.Items {
		seen[v.Body] = true
		if v.Version != i+1 {
			t.Errorf("place %d holds version %d", i, v.Version)
		}
	}
	if len(seen) != 9 {
		t.Errorf("of 9 wordings these are kept: %v", seen)
	}
}

func TestDeletingAPost(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	topic := start(w, "member", "Damp")
	mine, theirs := reply(w, "member", topic.ID, "mine"), reply(w, "facilitator", topic.ID, "theirs")
	path := testkit.Path("/posts/%s", theirs.ID)
	w.As("member").Patch(testkit.Path("/posts/%s", mine.ID), words{"body": "mine, edited", "version": 1}).Expect(200)
	before := audited(w)

	w.As("member").Delete(path).Problem(403, "not-allowed")
	w.As("outsider").Delete(path).Problem(404, "not-found")
	w.As("otherModerator").Delete(path).Problem(404, "not-found")
	w.As("admin").Delete(path).Problem(404, "not-found")
	w.As("stranger").Delete(path).Problem(401, "sign-in")
	w.As("member").Delete("/api/posts/999999").Problem(404, "not-found")

	w.As("member").Delete(testkit.Path("/posts/%s", mine.ID)).Expect(204)
	if audited(w) != before {
		t.Errorf("deleting one's own is in the audit log: %s", audited(w))
	}
	if now := read(w, "facilitator", topic.ID); now.Posts != 2 || !now.LastPostAt.Equal(theirs.CreatedAt) || now.LastPostBy.Name != "facilitator" {
		t.Errorf("without a post in the middle the topic is %+v", now)
	}
	for range 2 {
		w.As("moderator").Delete(path).Expect(204)
	}
	if got := strings.TrimSpace(strings.TrimSuffix(audited(w), before)); got != "post-deleted" {
		t.Errorf("the audit log holds %q", got)
	}
	h := posts(w, "facilitator", topic.ID, "")
	if numbers(h) != "1 2 3" {
		t.Errorf("the numbers are %s", numbers(h))
	}
	for _, p := range h.Items[1:] {
		if p.Body != "" || p.HTML != "" || p.DeletedAt == nil || len(p.Can) != 0 {
			t.Errorf("a deleted post keeps %+v", p)
		}
	}
	var versions struct{ Items []forum.PostVersion }
	w.As("member").Get(testkit.Path("/posts/%s/versions", mine.ID)).Expect(200).JSON(&versions)
	if len(versions.Items) != 0 {
		t.Errorf("the words of a deleted post are in its versions: %+v", versions.Items)
	}
	w.As("facilitator").Patch(path, words{"body": "back", "version": 1}).Problem(409, "post-deleted")
	now := read(w, "facilitator", topic.ID)
	if now.Posts != 1 || now.LastNumber != 3 || now.LastPostBy.Name != "member" || !now.LastPostAt.Equal(now.CreatedAt) {
		t.Errorf("the topic is %+v", now)
	}
	if p := reply(w, "member", topic.ID, "the next"); p.Number != 4 {
		t.Errorf("the next post has the number %d", p.Number)
	}
}

func TestDeletingTheOpeningPost(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	space := testkit.Path("/spaces/%s/topics", w.Space("cohortA"))
	topic := start(w, "member", "Damp")
	opening := posts(w, "member", topic.ID, "").Items[0]
	answer := reply(w, "facilitator", topic.ID, "an answer")
	w.As("member").Delete(testkit.Path("/posts/%s", opening.ID)).Expect(204)
	now := read(w, "facilitator", topic.ID)
	if now.Title != "Damp" || now.Excerpt != "" || now.Posts != 1 || len(list(w, "member", space).Items) != 1 {
		t.Errorf("with a reply the topic is %+v", now)
	}
	// With its last post the topic goes.
	notices := watch(w)
	w.As("facilitator").Delete(testkit.Path("/posts/%s", answer.ID)).Expect(204)
	w.As("facilitator").Get(testkit.Path("/topics/%s", topic.ID)).Problem(404, "not-found")
	w.As("facilitator").Get(testkit.Path("/posts/%s/versions", answer.ID)).Problem(404, "not-found")
	w.As("facilitator").Post(testkit.Path("/topics/%s/posts", topic.ID), words{"clientId": ids.NewUUID(), "body": "late"}).Problem(404, "not-found")
	w.As("facilitator").Delete(testkit.Path("/posts/%s", answer.ID)).Problem(404, "not-found")
	if page := list(w, "member", space); len(page.Items) != 0 {
		t.Errorf("the topic is still in the list: %+v", page.Items)
	}
	testkit.Eventually(t, "a frame without posts", func() bool {
		return len(notices()) == 1 && strings.Contains(string(notices()[0].Frame), `"posts":0`)
	})
}

func TestMutedAndRemovedPeopleDoNotWrite(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	topic := start(w, "member", "Damp")
	p := reply(w, "member", topic.ID, "before")
	who, path := w.As("member").Actor(), testkit.Path("/topics/%s/posts", topic.ID)
	set := func(query string) {
		t.Helper()
		if _, err := w.DB.ExecContext(t.Context(), `update memberships set `+query+` where account_id = $1 and space_id = $2`, who.ID, w.Space("cohortA")); err != nil {
			t.Fatal(err)
		}
	}
	set(`muted_until = now() + interval '1 hour'`)
	w.As("member").Post(path, words{"clientId": ids.NewUUID(), "body": "muted"}).Problem(403, "muted")
	w.As("member").Patch(testkit.Path("/posts/%s", p.ID), words{"body": "muted", "version": 1}).Problem(403, "muted")
	w.As("member").Post(testkit.Path("/spaces/%s/topics", w.Space("cohortA")), words{"clientId": ids.NewUUID(), "title": "muted", "body": "muted"}).Problem(403, "muted")
	w.As("member").Patch(testkit.Path("/topics/%s", topic.ID), words{"title": "muted", "version": 1}).Problem(403, "muted")
	set(`muted_until = now() - interval '1 second'`)
	reply(w, "member", topic.ID, "again")

	// Removed between the check at the door and the commit.
	set(`ended_at = now()`)
	if _, err := w.Forum.Reply(t.Context(), who, topic.ID, ids.NewUUID(), "removed"); err == nil {
		t.Error("somebody who was removed wrote a post")
	}
	title := "removed"
	if _, err := w.Forum.EditTopic(t.Context(), who, topic.ID, forum.TopicEdit{Title: &title, Version: 1}); err == nil {
		t.Error("somebody who was removed renamed a topic")
	}
	w.As("member").Get(path).Problem(404, "not-found")
	w.As("member").Delete(testkit.Path("/posts/%s", p.ID)).Problem(404, "not-found")
}
