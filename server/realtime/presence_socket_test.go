package realtime_test

import (
	"testing"

	"guildhall/server/testkit"
)

// here reads presence frames until the person has the state in the space.
func (s *socket) here(w *testkit.World, space, who, state string) {
	s.t.Helper()
	for range 50 {
		f := s.until("presence")
		for _, p := range f.People {
			if f.Space == w.Space(space) && p.Person == w.As(who).ID && p.State == state {
				return
			}
		}
	}
	s.t.Fatalf("%s is never told to be %s", who, state)
}

// TestPresence: those who share a space learn who is there, nobody else does,
// and it ends with the membership.
func TestPresence(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	space := w.Space("cohortA")
	anna, ben, outsider := dial(w, "member"), dial(w, "facilitator"), dial(w, "outsider")
	outsider.send(map[string]any{"type": "subscribe", "space": space})
	outsider.until("refused")
	ben.send(map[string]any{"type": "subscribe", "space": space})
	if f := ben.until("presence"); !f.Whole || len(f.People) != 0 {
		t.Errorf("an empty space is told as %+v", f)
	}
	anna.send(map[string]any{"type": "presence"})
	ben.here(w, "cohortA", "member", "here")

	late := dial(w, "moderator")
	late.send(map[string]any{"type": "subscribe", "space": space})
	late.here(w, "cohortA", "member", "here")

	w.As("moderator").Delete(testkit.Path("/spaces/%s/members/%s", space, w.As("member").ID)).Expect(204)
	ben.here(w, "cohortA", "member", "gone")
	outsider.silent()
}
