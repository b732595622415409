package chat

import (
	"context"
	"time"

	"guildhall/server/db"
	"guildhall/server/ids"
)

func lowerRead(ctx context.Context, q db.Q, reader, room ids.ID, seq int64) (int64, error) {
	const query = `insert into room_reads as rr (account_id, room_id, last_read_seq) values ($1, $2, $3)
		on conflict (account_id, room_id) do update set last_read_seq = least(rr.last_read_seq, excluded.last_read_seq), updated_at = now()
		returning last_read_seq`
	var last int64
	err := q.GetContext(ctx, &last, query, reader, room, seq)
	return last, err
}

func firstSince(ctx context.Context, q db.Q, room ids.ID, moment time.Time) (int64, error) {
	const query = `select seq from messages where room_id = $1 and created_at >= $2 order by created_at, seq limit 1`
	var seq int64
	err := q.GetContext(ctx, &seq, query, room, moment)
	return seq, err
}
