package chat

import (
	"context"
	"time"

	"github.com/lib/pq"

	"guildhall/server/db"
	"guildhall/server/ids"
)

// older is which messages of room $1 a retention deletes that keeps what was
// said from $2 on: a thread goes as a whole, once its last reply is older, a
// deleted one too, whose place hangs on the first message.
const older = ` from messages m where m.room_id = $1 and m.created_at < $2
	and not exists (select from messages o where o.thread_id = coalesce(m.thread_id, m.id) and o.created_at >= $2) `

func countOlder(ctx context.Context, q db.Q, room ids.ID, before time.Time) (Retention, error) {
	const query = `select count(*) as messages, min(date_trunc('milliseconds', m.created_at)) as oldest,
		coalesce(sum((select count(*) from attachments a where a.message_id = m.id and a.removed_at is null)), 0) as files` + older
	var r Retention
	err := q.GetContext(ctx, &r, query, room, before)
	return r, err
}

type retaining struct {
	ID   ids.ID `db:"id"`
	Days *int   `db:"retention_days"`
}

// listRetaining gives the rooms that keep messages for a time only, of those
// that chose it before a moment, and with conversations all of these.
func listRetaining(ctx context.Context, q db.Q, chosen time.Time, conversations bool) ([]retaining, error) {
	const query = `select id, retention_days from rooms where retention_days is not null and retention_set_at < $1 or $2 and space_id is null order by id`
	var list []retaining
	err := q.SelectContext(ctx, &list, query, chosen, conversations)
	return list, err
}

// listOlder gives replies before the message that they hang on.
func listOlder(ctx context.Context, q db.Q, room ids.ID, before time.Time, limit int) ([]ids.ID, error) {
	const query = `select m.id` + older + `order by m.thread_id is null, m.seq limit $3`
	var list []ids.ID
	err := q.SelectContext(ctx, &list, query, room, before, limit)
	return list, err
}

// deleteMessages leaves the numbers of messages and of what became of them.
func deleteMessages(ctx context.Context, q db.Q, room ids.ID, list []ids.ID, now time.Time) error {
	for _, query := range []string{
		`delete from message_reactions where message_id = any($1)`,
		`delete from message_mentions where message_id = any($1)`,
		`delete from message_versions where message_id = any($1)`,
		`delete from thread_reads where thread_id = any($1)`,
		`delete from message_drafts where thread_id = any($1)`,
		`update messages set forward_of = null where forward_of = any($1)`,
		`update message_changes set kind = 'gone', message_id = null, by_id = null where message_id = any($1)`,
	} {
		if _, err := q.ExecContext(ctx, query, pq.Array(ids.Ints(list))); err != nil {
			return err
		}
	}
	const query = `with forgotten as (delete from messages where id = any($2) returning seq)
		insert into message_changes (room_id, seq, kind, at) select $1, seq, 'gone', $3 from forgotten`
	_, err := q.ExecContext(ctx, query, room, pq.Array(ids.Ints(list)), now)
	return err
}
