package server_test

import (
	"context"
	"testing"

	"guildhall/server"
	"guildhall/server/testkit"
)

// TestStartingAgainChangesNothing: a second start finds the open data there
// and leaves it as it is.
func TestStartingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	count := func() (n [3]int) {
		t.Helper()
		for i, table := range []string{"organisations", "service_areas", "stories"} {
			if err := w.DB.Get(&n[i], "select count(*) from "+table); err != nil {
				t.Fatal(err)
			}
		}
		return n
	}
	before := count()
	if before != [3]int{470, 109, 90} {
		t.Errorf("organisations, service areas and stories: %v", before)
	}
	if err := server.Migrate(context.Background(), w.DB, w.Config); err != nil {
		t.Fatal(err)
	}
	if after := count(); after != before {
		t.Errorf("after a second start: %v", after)
	}
}
