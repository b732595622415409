package chat

import (
	"context"
	"time"

	"github.com/lib/pq"

	"guildhall/server/db"
	"guildhall/server/files"
	"guildhall/server/ids"
)

// fileRow is an upload or what became of it. MessageID is 0 before it is sent.
type fileRow struct {
	Attachment
	RoomID        ids.ID `db:"room_id"`
	AccountID     ids.ID `db:"account_id"`
	MessageID     ids.ID `db:"message_id"`
	Received      int64  `db:"received"`
	Ready         bool   `db:"ready"`
	FileKey       string `db:"file_key"`
	ThumbnailKey  string `db:"thumbnail_key"`
	ThumbnailType string `db:"thumbnail_type"`
	ThumbnailSize int64  `db:"thumbnail_size"`
}

func (f fileRow) upload() *Upload {
	u := &Upload{ID: f.ID, RoomID: f.RoomID, Size: f.Size, Received: f.Received}
	if f.Ready {
		a := f.Attachment
		u.Attachment = &a
	}
	return u
}

const fileColumns = `id, name, type, size, width, height, alt, room_id, account_id, coalesce(message_id, 0) as message_id, received,
	ready_at is not null as ready, file_key, thumbnail_key, thumbnail_type, thumbnail_size`

// messageFiles are the files of message m as JSON: a page of a room is one
// read. A deleted message has none.
const messageFiles = `(select json_agg(json_build_object('id', a.id::text, 'name', a.name, 'type', a.type, 'size', a.size,
	'width', a.width, 'height', a.height, 'alt', a.alt) order by a.place) from attachments a where a.message_id = m.id)`

func insertFile(ctx context.Context, q db.Q, f fileRow, now time.Time) (ids.ID, error) {
	const query = `insert into attachments (room_id, account_id, name, size, created_at) values ($1, $2, $3, $4, $5) returning id`
	var id ids.ID
	err := q.GetContext(ctx, &id, query, f.RoomID, f.AccountID, f.Name, f.Size, now)
	return id, err
}

func countUnsent(ctx context.Context, q db.Q, account ids.ID) (int, error) {
	const query = `select count(*) from attachments where account_id = $1 and message_id is null and removed_at is null`
	var n int
	err := q.GetContext(ctx, &n, query, account)
	return n, err
}

// getFile gives no row for one that was removed.
func getFile(ctx context.Context, q db.Q, id ids.ID) (fileRow, error) {
	const query = `select ` + fileColumns + ` from attachments where id = $1 and removed_at is null`
	var f fileRow
	err := q.GetContext(ctx, &f, query, id)
	return f, err
}

// updateReceived counts a part, unless another came in the meantime.
func updateReceived(ctx context.Context, q db.Q, id ids.ID, from, to int64) error {
	const query = `update attachments set received = $3 where id = $1 and received = $2 and ready_at is null and removed_at is null`
	_, err := q.ExecContext(ctx, query, id, from, to)
	return err
}

// updateFinished says whether the file was still waiting to be finished.
func updateFinished(ctx context.Context, q db.Q, id ids.ID, f *files.File, now time.Time) (bool, error) {
	const query = `update attachments set name = $2, type = $3, size = $4, width = $5, height = $6, file_key = $7, thumbnail_key = $8,
			thumbnail_type = $9, thumbnail_size = $10, ready_at = $11
		where id = $1 and ready_at is null and removed_at is null`
	done, err := q.ExecContext(ctx, query, id, f.Name, f.Type, f.Size, f.Width, f.Height, f.Key, f.Thumbnail, f.ThumbnailType, f.ThumbnailSize, now)
	if err != nil {
		return false, err
	}
	n, err := done.RowsAffected()
	return n == 1, err
}

func updateAlt(ctx context.Context, q db.Q, id ids.ID, alt string) error {
	_, err := q.ExecContext(ctx, `update attachments set alt = $2 where id = $1 and message_id is null`, id, alt)
	return err
}

// lockUnsent holds files that may be sent, in order of their ids.
func lockUnsent(ctx context.Context, q db.Q, list []ids.ID) ([]fileRow, error) {
	const query = `select ` + fileColumns + ` from attachments
		where id = any($1) and message_id is null and removed_at is null and ready_at is not null order by id for no key update`
	var out []fileRow
	err := q.SelectContext(ctx, &out, query, pq.Array(ids.Ints(list)))
	return out, err
}

// updateSent gives stored posts their files.
func updateSent(ctx context.Context, q db.Q, fresh []*post) error {
	var sent, messages, places []int64
	for _, p := range fresh {
		for i, id := range p.files {
			sent, messages, places = append(sent, int64(id)), append(messages, int64(p.message.ID)), append(places, int64(i))
		}
	}
	if len(sent) == 0 {
		return nil
	}
	const query = `update attachments a set message_id = u.message_id, place = u.place
		from unnest($1::bigint[], $2::bigint[], $3::int[]) as u(id, message_id, place) where a.id = u.id`
	_, err := q.ExecContext(ctx, query, pq.Array(sent), pq.Array(messages), pq.Array(places))
	return err
}

func removeUnsent(ctx context.Context, q db.Q, list []ids.ID, now time.Time) ([]ids.ID, error) {
	const query = `update attachments set removed_at = $2 where id = any($1) and message_id is null and removed_at is null returning id`
	var gone []ids.ID
	err := q.SelectContext(ctx, &gone, query, pq.Array(ids.Ints(list)), now)
	return gone, err
}

// removeSent lets go of the messages, whose rows may be deleted next.
func removeSent(ctx context.Context, q db.Q, messages []ids.ID, now time.Time) ([]ids.ID, error) {
	const query = `update attachments set removed_at = $2, message_id = null where message_id = any($1) returning id`
	var gone []ids.ID
	err := q.SelectContext(ctx, &gone, query, pq.Array(ids.Ints(messages)), now)
	return gone, err
}

func listRemoved(ctx context.Context, q db.Q, list []ids.ID) ([]fileRow, error) {
	const query = `select ` + fileColumns + ` from attachments where id = any($1) and removed_at is not null`
	var out []fileRow
	err := q.SelectContext(ctx, &out, query, pq.Array(ids.Ints(list)))
	return out, err
}

func deleteRemoved(ctx context.Context, q db.Q, list []ids.ID) error {
	_, err := q.ExecContext(ctx, `delete from attachments where id = any($1) and removed_at is not null`, pq.Array(ids.Ints(list)))
	return err
}

func listForgotten(ctx context.Context, q db.Q, before time.Time) ([]ids.ID, error) {
	const query = `select id from attachments where message_id is null and removed_at is null and created_at < $1 order by id limit 1000`
	var old []ids.ID
	err := q.SelectContext(ctx, &old, query, before)
	return old, err
}
