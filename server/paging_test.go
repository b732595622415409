package server_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"

	"guildhall/server/testkit"
)

// TestPagesMakeTheWholeList: one by one the pages of a list hold what one page
// holds, in the same order, each once.
func TestPagesMakeTheWholeList(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	admin, ben := w.As("admin"), w.As("facilitator")
	for _, name := range []string{"b", "İ", "a", "É"} {
		admin.Post("/api/spaces", map[string]any{"kind": "group", "name": "Group " + name + fmt.Sprint(len(name))}).Expect(201)
	}
	space := w.Space("cohortA")
	for i := range 4 {
		ben.Post(testkit.Path("/spaces/%v/rooms", space), map[string]any{"name": fmt.Sprint("Room ", i)}).Expect(201)
	}
	var topic struct{ ID string }
	ben.Post(testkit.Path("/spaces/%v/topics", space), map[string]any{"clientId": "6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b", "title": "T", "body": "one"}).Expect(201).JSON(&topic)
	var posts struct {
		Items []struct{ ID string }
	}
	ben.Get("/api/topics/" + topic.ID + "/posts").Expect(200).JSON(&posts)
	post := "/api/posts/" + posts.Items[0].ID
	for i := range 3 {
		ben.Patch(post, map[string]any{"body": fmt.Sprint("wording ", i), "version": i + 1}).Expect(200)
	}
	for path, who := range map[string]*testkit.Person{"/api/spaces": admin, testkit.Path("/spaces/%v/rooms", space): ben, "/api/rooms": ben, post + "/versions": ben} {
		read := func(query string) (names []string, next string) {
			t.Helper()
			var page struct {
				Items []struct{ Name, Body string }
				Next  string
			}
			who.Get(path + "?" + query).Expect(200).JSON(&page)
			for _, i := range page.Items {
				names = append(names, i.Name+i.Body)
			}
			return names, page.Next
		}
		all, next := read("limit=200")
		if len(all) < 4 || next != "" {
			t.Errorf("%s: %v, next %q", path, all, next)
		}
		var one []string
		for cursor := ""; len(one) <= len(all); {
			names, next := read("limit=1&cursor=" + url.QueryEscape(cursor))
			one = append(one, names...)
			if cursor = next; next == "" {
				break
			}
		}
		if !slices.Equal(all, one) {
			t.Errorf("%s: one by one %v, all %v", path, one, all)
		}
		who.Get(path+"?cursor=bm9wZQ").Problem(422, "invalid")
	}
}
