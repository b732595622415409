package chat

import (
	"context"
	"time"

	"github.com/lib/pq"

	"guildhall/server/db"
	"guildhall/server/ids"
)

func listDrafts(ctx context.Context, q db.Q, account ids.ID) ([]Draft, error) {
	const query = `select d.room_id, d.thread_id, d.body, d.version, d.updated_at from message_drafts d
		cross join lateral public.room_role(d.room_id, $1) me
		where d.account_id = $1 and d.body <> '' order by d.updated_at desc limit 200`
	list := []Draft{}
	err := q.SelectContext(ctx, &list, query, account)
	return list, err
}

// upsertDraft gives the draft's next version. An empty draft keeps its row, so
// that versions go on growing.
func upsertDraft(ctx context.Context, q db.Q, account ids.ID, d Draft) (int64, error) {
	const query = `insert into message_drafts as d (account_id, room_id, thread_id, body, updated_at) values ($1, $2, $3, $4, $5)
		on conflict (account_id, room_id, thread_id) do update set body = excluded.body, updated_at = excluded.updated_at, version = d.version + 1
		returning version`
	var version int64
	err := q.GetContext(ctx, &version, query, account, d.RoomID, d.ThreadID, d.Body, d.UpdatedAt)
	return version, err
}

const scheduledColumns = `id, room_id, coalesce(thread_id, 0) as thread_id, client_id, body, send_at, version, created_at, coalesce(failed, '') as failed`

func insertScheduled(ctx context.Context, q db.Q, account ids.ID, m Scheduled) (Scheduled, error) {
	const query = `insert into scheduled_messages (account_id, room_id, thread_id, client_id, body, send_at, created_at)
		values ($1, $2, nullif($3::bigint, 0), $4, $5, $6, $7) returning ` + scheduledColumns
	var out Scheduled
	err := q.GetContext(ctx, &out, query, account, m.RoomID, m.ThreadID, m.ClientID, m.Body, m.SendAt, m.CreatedAt)
	return out, err
}

func findScheduled(ctx context.Context, q db.Q, account ids.ID, client string) (Scheduled, error) {
	const query = `select ` + scheduledColumns + ` from scheduled_messages where account_id = $1 and client_id = $2`
	var m Scheduled
	err := q.GetContext(ctx, &m, query, account, client)
	return m, err
}

func countScheduled(ctx context.Context, q db.Q, account ids.ID) (int, error) {
	var n int
	err := q.GetContext(ctx, &n, `select count(*) from scheduled_messages where account_id = $1`, account)
	return n, err
}

func listScheduled(ctx context.Context, q db.Q, account ids.ID) ([]Scheduled, error) {
	const query = `select ` + scheduledColumns + ` from scheduled_messages where account_id = $1 order by send_at, id`
	list := []Scheduled{}
	err := q.SelectContext(ctx, &list, query, account)
	return list, err
}

func getScheduled(ctx context.Context, q db.Q, id ids.ID) (account ids.ID, m Scheduled, err error) {
	const query = `select account_id, ` + scheduledColumns + ` from scheduled_messages where id = $1`
	var row struct {
		AccountID ids.ID `db:"account_id"`
		Scheduled
	}
	err = q.GetContext(ctx, &row, query, id)
	return row.AccountID, row.Scheduled, err
}

func lockScheduled(ctx context.Context, q db.Q, account, id ids.ID) (Scheduled, error) {
	const query = `select ` + scheduledColumns + ` from scheduled_messages where id = $1 and account_id = $2 for update`
	var m Scheduled
	err := q.GetContext(ctx, &m, query, id, account)
	return m, err
}

func updateScheduled(ctx context.Context, q db.Q, m Scheduled) error {
	const query = `update scheduled_messages set body = $2, send_at = $3, version = $4, failed = null where id = $1`
	_, err := q.ExecContext(ctx, query, m.ID, m.Body, m.SendAt, m.Version)
	return err
}

func failScheduled(ctx context.Context, q db.Q, id ids.ID, version int, problem string) error {
	_, err := q.ExecContext(ctx, `update scheduled_messages set failed = $3, version = version + 1 where id = $1 and version = $2`, id, version, problem)
	return err
}

// failOverdue fails those that wait since before a moment, and gives their
// authors, each once.
func failOverdue(ctx context.Context, q db.Q, before time.Time, problem string) ([]ids.ID, error) {
	const query = `with failed as (update scheduled_messages set failed = $2, version = version + 1 where failed is null and send_at < $1 returning account_id)
		select distinct account_id from failed order by account_id`
	var authors []ids.ID
	err := q.SelectContext(ctx, &authors, query, before, problem)
	return authors, err
}

// failAnswers takes those that were to answer one of these messages out of
// their threads, fails them, and gives their authors, each once.
func failAnswers(ctx context.Context, q db.Q, threads []ids.ID, problem string) ([]ids.ID, error) {
	const query = `with failed as (update scheduled_messages set failed = $2, thread_id = null, version = version + 1 where thread_id = any($1) returning account_id)
		select distinct account_id from failed order by account_id`
	var authors []ids.ID
	err := q.SelectContext(ctx, &authors, query, pq.Array(ids.Ints(threads)), problem)
	return authors, err
}

// deleteScheduled leaves a message that was changed meanwhile: its author then
// learns that it was sent as it was before.
func deleteScheduled(ctx context.Context, q db.Q, id ids.ID, version int) error {
	_, err := q.ExecContext(ctx, `delete from scheduled_messages where id = $1 and version = $2`, id, version)
	return err
}
