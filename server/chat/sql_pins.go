package chat

import (
	"context"

	"guildhall/server/db"
	"guildhall/server/ids"
)

func countPins(ctx context.Context, q db.Q, room ids.ID) (int, error) {
	var n int
	err := q.GetContext(ctx, &n, `select count(*) from messages where room_id = $1 and pinned_at is not null`, room)
	return n, err
}

func setPin(ctx context.Context, q db.Q, m *Message) error {
	var by *ids.ID
	if m.PinnedBy != nil {
		by = &m.PinnedBy.ID
	}
	_, err := q.ExecContext(ctx, `update messages set pinned_at = $2, pinned_by = $3 where id = $1`, m.ID, m.PinnedAt, by)
	return err
}

func listPins(ctx context.Context, q db.Q, room ids.ID, from int64) ([]Message, error) {
	const query = `select ` + messageColumns + messageTables + `cross join (select $2::bigint as from_seq) me
		where m.room_id = $1 and m.pinned_at is not null and ` + visible + ` order by m.pinned_at desc, m.seq desc`
	return selectMessages(ctx, q, query, room, from)
}
