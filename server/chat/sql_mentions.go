package chat

import (
	"context"

	"github.com/lib/pq"

	"guildhall/server/db"
	"guildhall/server/ids"
)

// insertMentions keeps those who may see the room, but for the author.
func insertMentions(ctx context.Context, q db.Q, m *Message, c calls, byEdit bool) error {
	const query = `insert into message_mentions (message_id, room_id, account_id, by_edit)
		select $1::bigint, $2::bigint, called.id, $5::boolean
		from (select unnest($3::bigint[]) union all select null where $4) as called(id)
		where called.id is null or called.id <> $6 and exists (select from public.room_role($2, called.id))
		on conflict do nothing`
	_, err := q.ExecContext(ctx, query, m.ID, m.RoomID, pq.Array(ids.Ints(c.people)), c.room, byEdit, m.Author.ID)
	return err
}

// deleteMentions forgets those whom a message no longer names.
func deleteMentions(ctx context.Context, q db.Q, message ids.ID, but calls) error {
	const query = `delete from message_mentions where message_id = $1
		and case when account_id is null then not $3 else not account_id = any($2) end`
	_, err := q.ExecContext(ctx, query, message, pq.Array(ids.Ints(but.people)), but.room)
	return err
}

// unreadMentions is what calls the reader $1 and was not written by them; with
// a room and how far they have read it, it can be counted. Threads have marks
// of their own, and a reply calls those who follow it: everybody whom it names,
// until they stop.
const unreadMentions = ` from message_mentions n join messages m on m.id = n.message_id
	left join thread_reads tr on tr.account_id = $1 and tr.thread_id = m.thread_id and tr.following
	where (n.account_id = $1 or n.account_id is null) and (m.thread_id is null or tr.thread_id is not null)
		and not n.by_edit and m.author_id <> $1 and m.deleted_at is null`

func countMentions(ctx context.Context, q db.Q, reader, room ids.ID, from, read int64) (int, error) {
	const query = `select count(*) from (select 1` + unreadMentions + ` and n.room_id = $2
		and m.seq > case when m.thread_id is null then greatest($3::bigint, $4) else greatest($3, coalesce(tr.last_read_seq, 0)) end limit 100) called`
	var n int
	err := q.GetContext(ctx, &n, query, reader, room, from, read)
	return n, err
}
