package accounts

import (
	"context"
	"time"

	"github.com/lib/pq"

	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/ids"
)

// listStale reads each session and each membership by its key: some ten
// thousand at a time are few.
func listStale(ctx context.Context, q db.Q, held []access.Actor, now time.Time) ([]ids.ID, error) {
	const query = `select u.id from unnest($1::bigint[], $2::text[]) as u(id, site) where not exists (
			select from sessions s join accounts a on a.id = s.account_id
			where s.id = u.id and a.site_role = u.site and s.ended_at is null and s.expires_at > $3 and a.suspended_at is null and a.erased_at is null)
		union
		select u.id from unnest($4::bigint[], $5::bigint[], $6::bigint[], $7::text[]) as u(id, account_id, space_id, role) where not exists (
			select from memberships m where m.account_id = u.account_id and m.space_id = u.space_id and m.ended_at is null and m.role = u.role)
			or exists (select from spaces p where p.id = u.space_id and p.deleted_at is not null)`
	var sessions, in, people, spaces []int64
	var sites, roles []string
	for _, who := range held {
		sessions, sites = append(sessions, int64(who.SessionID)), append(sites, string(who.Site))
		for space, role := range who.Roles {
			in, people, spaces, roles = append(in, int64(who.SessionID)), append(people, int64(who.ID)), append(spaces, int64(space)), append(roles, string(role))
		}
	}
	var stale []ids.ID
	err := q.SelectContext(ctx, &stale, query, pq.Array(sessions), pq.Array(sites), now, pq.Array(in), pq.Array(people), pq.Array(spaces), pq.Array(roles))
	return stale, err
}
