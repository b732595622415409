package chat

import (
	"context"

	"github.com/lib/pq"

	"guildhall/server/db"
	"guildhall/server/ids"
)

// insertMentions keeps whom messages call, all in one trip: those who are in
// the room, and never the author.
func insertMentions(ctx context.Context, q db.Q, list []mention, byEdit bool) error {
	n := len(list)
	messages, rooms, authors, called := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	for i, m := range list {
		messages[i], rooms[i], authors[i], called[i] = int64(m.message.ID), int64(m.message.RoomID), int64(m.message.Author.ID), int64(m.person)
	}
	const query = `insert into message_mentions (message_id, room_id, account_id, by_edit)
		select c.message_id, c.room_id, nullif(c.account_id, 0), $5::boolean
		from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) as c(message_id, room_id, author_id, account_id)
		where c.account_id = 0 or c.account_id <> c.author_id and exists (select from public.room_role(c.room_id, c.account_id))
		on conflict do nothing`
	_, err := q.ExecContext(ctx, query, pq.Array(messages), pq.Array(rooms), pq.Array(authors), pq.Array(called), byEdit)
	return err
}

// deleteMentions forgets those whom a message no longer names.
func deleteMentions(ctx context.Context, q db.Q, message ids.ID, but calls) error {
	const query = `delete from message_mentions where message_id = $1
		and case when account_id is null then not $3 else not account_id = any($2) end`
	_, err := q.ExecContext(ctx, query, message, pq.Array(ids.Ints(but.people)), but.room)
	return err
}

// unreadMentions is what calls the reader $1, who is me in the room, and was
// not written by them; with the room and how far they have read it, it can be
// counted. Threads have marks of their own, and a reply calls those who follow
// it: everybody whom it names, until they stop.
const unreadMentions = ` from message_mentions n join messages m on m.id = n.message_id
	left join thread_reads tr on tr.account_id = $1 and tr.thread_id = m.thread_id and tr.following
	where (n.account_id = $1 or n.account_id is null) and (m.thread_id is null or tr.thread_id is not null)
		and not n.by_edit and m.author_id <> $1 and m.deleted_at is null and ` + visible

func countMentions(ctx context.Context, q db.Q, reader, room ids.ID, from, read int64) (int, error) {
	const query = `select count(*) from (select $3::bigint as from_seq) me cross join lateral (select 1` + unreadMentions + ` and n.room_id = $2
		and m.seq > case when m.thread_id is null then $4 else tr.last_read_seq end limit 100) called`
	var n int
	err := q.GetContext(ctx, &n, query, reader, room, from, read)
	return n, err
}
