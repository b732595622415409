package server_test

import (
	"regexp"
	"strings"
	"testing"

	"guildhall/server/ids"
	"guildhall/server/testkit"
)

var (
	anyTime  = regexp.MustCompile(`"(\d{4}-\d{2}-\d{2}[T ][^"]*)"`)
	goodTime = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$`)
)

// TestTimesInJSON: every instant is RFC 3339 in UTC with at most milliseconds,
// and every whole day a date: what a browser reads without rounding or zone.
func TestTimesInJSON(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	cohort, member := w.Space("cohortA"), w.As("member")
	var room, topic, message, post struct {
		ID      ids.ID
		Version int
	}
	type words = map[string]any
	w.As("facilitator").Post(testkit.Path("/spaces/%s/rooms", cohort), words{"name": "Room"}).Expect(201).JSON(&room)
	member.Post(testkit.Path("/rooms/%s/messages", room.ID), words{"clientId": ids.NewUUID(), "body": "b"}).Expect(201).JSON(&message)
	member.Patch(testkit.Path("/messages/%s", message.ID), words{"body": "c", "version": 1}).Expect(200)
	member.Post(testkit.Path("/spaces/%s/topics", cohort), words{"clientId": ids.NewUUID(), "title": "t", "body": "b"}).Expect(201).JSON(&topic)
	member.Post(testkit.Path("/topics/%s/posts", topic.ID), words{"clientId": ids.NewUUID(), "body": "b"}).Expect(201).JSON(&post)
	member.Patch(testkit.Path("/posts/%s", post.ID), words{"body": "c", "version": 1}).Expect(200)
	w.As("admin").Patch(testkit.Path("/spaces/%s/members/%s", cohort, member.ID), words{"role": "moderator", "version": 1}).Expect(200)
	found := 0
	for path, least := range map[string]int{
		testkit.Path("/sessions"):                          3,
		testkit.Path("/spaces/%s/members", cohort):         3,
		testkit.Path("/spaces/%s/audit", cohort):           1,
		testkit.Path("/spaces/%s/topics", cohort):          2,
		testkit.Path("/topics/%s", topic.ID):               2,
		testkit.Path("/topics/%s/posts", topic.ID):         3,
		testkit.Path("/posts/%s/versions", post.ID):        1,
		testkit.Path("/rooms/%s/messages", room.ID):        2,
		testkit.Path("/rooms/%s/changes?after=0", room.ID): 1,
		testkit.Path("/stories"):                           0,
		testkit.Path("/organisations"):                     0,
		testkit.Path("/rooms"):                             0,
		testkit.Path("/topics"):                            1,
		testkit.Path("/me"):                                0,
		testkit.Path("/spaces"):                            0,
	} {
		a := member.Get(path)
		if a.Status != 200 {
			t.Errorf("%s answered %d", path, a.Status)
			continue
		}
		all := anyTime.FindAllStringSubmatch(a.Body, -1)
		if len(all) < least {
			t.Errorf("%s shows %d times, want at least %d: %.300s", path, len(all), least, a.Body)
		}
		for _, m := range all {
			found++
			if !goodTime.MatchString(m[1]) {
				t.Errorf("%s shows the time %s", path, m[1])
			}
		}
		if strings.Contains(a.Body, `"0001-01-01T00:00:00Z"`) {
			t.Errorf("%s shows a time that is none: %.300s", path, a.Body)
		}
	}
	t.Logf("%d times", found)
}
