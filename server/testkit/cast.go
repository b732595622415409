package testkit

import (
	"context"
	"fmt"
	"time"

	"guildhall/server/access"
	"guildhall/server/clock"
	"guildhall/server/db"
	"guildhall/server/ids"
)

// cast makes the spaces and people that every world has. They are written
// straight into the tables: a test of signing in tests that by itself.
func (w *World) cast() {
	w.T.Helper()
	ctx := context.Background()
	err := w.DB.Tx(ctx, func(tx *db.Tx) error {
		var network ids.ID
		if err := tx.GetContext(ctx, &network, `select id from spaces where kind = 'network'`); err != nil {
			return err
		}
		w.spaces["network"] = network
		for key, name := range map[string]string{"cohortA": "Cohort A", "cohortB": "Cohort B"} {
			var id ids.ID
			if err := tx.GetContext(ctx, &id, `insert into spaces (kind, name) values ('cohort', $1) returning id`, name); err != nil {
				return err
			}
			w.spaces[key] = id
		}
		return nil
	})
	if err != nil {
		w.T.Fatal(err)
	}
	w.AddPerson("admin", access.SiteAdmin, nil)
	w.AddPerson("moderator", access.SiteMember, map[string]access.Role{"cohortA": access.Moderator})
	w.AddPerson("facilitator", access.SiteMember, map[string]access.Role{"cohortA": access.Facilitator})
	w.AddPerson("member", access.SiteMember, map[string]access.Role{"cohortA": access.Member})
	w.AddPerson("outsider", access.SiteMember, map[string]access.Role{"cohortB": access.Member})
	w.AddPerson("otherModerator", access.SiteMember, map[string]access.Role{"cohortB": access.Moderator})
}

// AddPerson adds somebody to the cast: in the network, and in these spaces.
func (w *World) AddPerson(name string, site access.SiteRole, roles map[string]access.Role) *Person {
	w.T.Helper()
	ctx := context.Background()
	p := &Person{world: w, Name: name, Email: fmt.Sprintf("%s@council.example", name), Token: ids.Token(32)}
	err := w.DB.Tx(ctx, func(tx *db.Tx) error {
		if err := tx.GetContext(ctx, &p.ID, `insert into accounts (name, site_role) values ($1, $2) returning id`, name, site); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `insert into account_emails (account_id, email, primary_since) values ($1, lower($2), now())`, p.ID, p.Email); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `insert into sessions (account_id, token_hash, created_at, last_seen_at, expires_at)
			values ($1, sha256($2::text::bytea), $3::timestamptz, $3::timestamptz, $3::timestamptz + interval '30 days')`, p.ID, p.Token, w.now()); err != nil {
			return err
		}
		all := map[ids.ID]access.Role{w.spaces["network"]: access.Member}
		for space, role := range roles {
			all[w.Space(space)] = role
		}
		for space, role := range all {
			if _, err := tx.ExecContext(ctx, `insert into memberships (space_id, account_id, role, joined_at) values ($1, $2, $3, now() - interval '1 day')`, space, p.ID, role); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.T.Fatal(err)
	}
	w.people[name] = p
	return p
}

func (w *World) now() time.Time {
	if w.Clock != nil {
		return w.Clock.Now()
	}
	return clock.System()
}
