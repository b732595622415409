package accounts_test

import (
	"context"
	"slices"
	"testing"

	"guildhall/server/access"
	"guildhall/server/ids"
	"guildhall/server/testkit"
)

// TestStale: every way to lose a right is seen, and nothing else.
func TestStale(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	who := w.As("member").Actor()
	stale := func() []ids.ID {
		list, err := w.Accounts.Stale(context.Background(), []access.Actor{who, w.As("admin").Actor(), w.As("outsider").Actor()})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	for name, change := range map[string]struct{ lose, undo string }{
		"signed out":      {`update sessions set ended_at = now() where account_id = $1`, `update sessions set ended_at = null where account_id = $1`},
		"run out":         {`update sessions set expires_at = now() where account_id = $1`, `update sessions set expires_at = now() + interval '30 days' where account_id = $1`},
		"suspended":       {`update accounts set suspended_at = now() where id = $1`, `update accounts set suspended_at = null where id = $1`},
		"erased":          {`update accounts set erased_at = now() where id = $1`, `update accounts set erased_at = null where id = $1`},
		"of another site": {`update accounts set site_role = 'admin' where id = $1`, `update accounts set site_role = 'member' where id = $1`},
		"removed": {
			`update memberships set ended_at = now() where account_id = $1 and space_id <> (select id from spaces where kind = 'network')`,
			`update memberships set ended_at = null where account_id = $1`,
		},
		"of another role": {`update memberships set role = 'facilitator' where account_id = $1`, `update memberships set role = 'member' where account_id = $1`},
		"without the space": {
			`update spaces set deleted_at = now() where kind = 'cohort' and id in (select space_id from memberships where account_id = $1)`,
			`update spaces set deleted_at = null where $1 > 0`,
		},
	} {
		if list := stale(); len(list) != 0 {
			t.Fatalf("before: %v", list)
		}
		if _, err := w.DB.Exec(change.lose, who.ID); err != nil {
			t.Fatal(err)
		}
		if list := stale(); !slices.Equal(list, []ids.ID{who.SessionID}) {
			t.Errorf("%s: %v", name, list)
		}
		if _, err := w.DB.Exec(change.undo, who.ID); err != nil {
			t.Fatal(err)
		}
	}
}
