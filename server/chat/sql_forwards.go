package chat

import (
	"context"
	"time"

	"github.com/lib/pq"

	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/ids"
)

// getForward counts who in a room does not see a message where it stands. A
// message that only passes another one on stands for that one.
func getForward(ctx context.Context, q db.Q, room, author, message ids.ID) (forward, error) {
	const query = `with seen as (
			select m.id, m.room_id, m.seq, m.thread_id from messages m cross join lateral public.room_role(m.room_id, $2) me
			where m.id in ($3, (select forward_of from messages where id = $3 and body = '')) and ` + visible + ` and m.deleted_at is null and m.notice is null),
		source as (
			select * from seen where id = coalesce((select forward_of from messages where id = $3 and body = ''), $3)
				and exists (select from seen where id = $3))
		select (select id from source) as source,
			(select count(*) from source m, public.room_people($1) here
				where not exists (select from public.room_people(m.room_id) me where me.account_id = here.account_id and ` + visible + `)) as blind`
	var f forward
	err := q.GetContext(ctx, &f, query, room, author, message)
	return f, err
}

func setForward(ctx context.Context, q db.Q, message, of ids.ID) error {
	_, err := q.ExecContext(ctx, `update messages set forward_of = $2 where id = $1`, message, of)
	return err
}

type cardRow struct {
	ID     ids.ID    `db:"id"`
	RoomID ids.ID    `db:"room_id"`
	Seq    int64     `db:"seq"`
	Body   string    `db:"body"`
	At     time.Time `db:"created_at"`
	Author string    `db:"author"`
	Room   string    `db:"room"`
}

func listCards(ctx context.Context, q db.Q, reader ids.ID, list []ids.ID) ([]cardRow, error) {
	const query = `select m.id, m.room_id, m.seq, m.body, m.created_at, p.name as author, r.name as room
		from messages m join rooms r on r.id = m.room_id join people p on p.id = m.author_id cross join lateral public.room_role(r.id, $1) me
		where m.id = any($2) and ` + visible + ` and me.role = any($3) and m.deleted_at is null and m.notice is null`
	rows := []cardRow{}
	err := q.SelectContext(ctx, &rows, query, reader, pq.Array(ids.Ints(list)), pq.Array(access.RolesFor(access.ViewRoom)))
	return rows, err
}
