package chat

import (
	"context"
	"time"

	"github.com/lib/pq"

	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/ids"
)

// checkActor is checkPosts for one person and something that is no post.
func checkActor(ctx context.Context, q db.Q, room, account ids.ID, action access.Action, now time.Time) (check, error) {
	const query = `select me.role is not null as member, coalesce(me.role = any($3), false) as allowed,
			r.archived_at is not null as archived, coalesce(me.muted_until > $4, false) as muted, coalesce(me.from_seq, 0) as from_seq
		from rooms r left join lateral public.room_role(r.id, $2) me on true where r.id = $1`
	var c check
	err := q.GetContext(ctx, &c, query, room, account, pq.Array(access.RolesFor(action)), now)
	return c, err
}

// setReaction tells whether that changed anything.
func setReaction(ctx context.Context, q db.Q, message, account ids.ID, reaction string, on bool, now time.Time) (bool, error) {
	query, args := `delete from message_reactions where message_id = $1 and account_id = $2 and emoji = $3`, []any{message, account, reaction}
	if on {
		query = `insert into message_reactions (message_id, account_id, emoji, at) values ($1, $2, $3, $4) on conflict do nothing`
		args = append(args, now)
	}
	res, err := q.ExecContext(ctx, query, args...)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// keepReactions writes a message's reactions into its row: the one that was
// given first stands first.
func keepReactions(ctx context.Context, q db.Q, message ids.ID) error {
	const query = `update messages set reactions = (
		select jsonb_agg(jsonb_build_object('name', r.emoji, 'people', r.people) order by r.since, r.emoji)
		from (select emoji, min(at) as since, jsonb_agg(account_id::text order by at, account_id) as people
			from message_reactions where message_id = $1 group by emoji) r) where id = $1`
	_, err := q.ExecContext(ctx, query, message)
	return err
}
