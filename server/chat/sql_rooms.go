package chat

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"guildhall/server/access"
	"guildhall/server/accounts"
	"guildhall/server/db"
	"guildhall/server/ids"
)

// readMark is how far the reader has read. Without a mark, only what was said
// after the person came in is unread.
const readMark = `greatest(me.from_seq, coalesce(rr.last_read_seq,
	(select o.seq from messages o where o.room_id = r.id and o.created_at < me.joined_at order by o.created_at desc limit 1), 0))`

// roomColumns needs rooms r with its tables below, for the reader $1. Threads
// have marks of their own. A direct conversation in which nothing was said is
// not there yet for whom it was begun with.
const roomColumns = `r.id, r.kind, coalesce(r.space_id, 0) as space_id, coalesce(s.name, '') as space_name, r.name, r.topic, h.last_seq as head,
	` + readMark + ` as last_read_seq, me.from_seq, me.role, r.archived_at is not null as archived, r.version, r.retention_days, r.retention_set_at,
	coalesce(s.read_receipts and (select count(*) from public.room_people(r.id)) <= 30, false) as receipts,
	coalesce(rs.notify, 'all') as notify, coalesce(rs.muted, false) as muted, rs.left_at is not null as left,
	r.space_id is null and (rs.hidden_seq is not null and not exists (select from messages m where m.room_id = r.id and m.seq > rs.hidden_seq and m.notice is null and m.deleted_at is null and ` + visible + `)
		or h.last_seq = 0 and r.kind = 'direct' and r.created_by is distinct from $1) as hidden,
	(select created_at from messages m where m.room_id = r.id and ` + visible + ` order by seq desc limit 1) as last_at,
	case when rs.left_at is null then (select count(*) from (select 1 from messages m
		where m.room_id = r.id and m.author_id <> $1 and m.deleted_at is null and m.thread_id is null and m.notice is null
			and m.seq > ` + readMark + ` limit 100) counted) else 0 end as unread,
	case when rs.left_at is null then (select count(*) from (select 1` + unreadMentions + ` and n.room_id = r.id
			and m.seq > case when m.thread_id is null then ` + readMark + ` else tr.last_read_seq end
		limit 100) called) else 0 end as mentions,
	case when r.space_id is null then (select coalesce(json_agg(json_build_object('id', p.id::text, 'name', p.name, 'job', p.job,
			'organisation', p.organisation, 'organisationId', p.organisation_id::text, 'former', p.former) order by lower(p.name), p.id), '[]')
		from room_members o join people p on p.id = o.account_id where o.room_id = r.id and o.left_at is null and o.account_id <> $1) else '[]' end as people`

const roomTables = ` from rooms r cross join lateral public.room_role(r.id, $1) me left join spaces s on s.id = r.space_id join room_heads h on h.room_id = r.id
	left join room_reads rr on rr.room_id = r.id and rr.account_id = $1 left join room_settings rs on rs.room_id = r.id and rs.account_id = $1 `

// roomRow is a room as it is read, with what lists are sorted by.
type roomRow struct {
	Room
	Role     access.Role                `db:"role"`
	With     db.JSON[[]accounts.Person] `db:"people"`
	SpaceKey string                     `db:"space_key"`
	Key      string                     `db:"key"`
	SpokeAt  time.Time                  `db:"spoke_at"`
}

// room completes the room from its row.
func (r roomRow) room() Room {
	r.role, r.People = r.Role, r.With.V
	return r.Room
}

// listRooms gives the open rooms of spaces that the reader may see. Those that
// they left are in the list of one space only, where they can join again.
func listRooms(ctx context.Context, q db.Q, reader ids.ID, spaces []int64, left bool, after roomPlace, limit int) ([]roomRow, error) {
	const query = `select ` + roomColumns + `, lower(s.name) as space_key, lower(r.name) as key` + roomTables + `
		where r.space_id = any($2) and r.archived_at is null and ($3 or rs.left_at is null) and (lower(s.name), lower(r.name), r.id) > ($4, $5, $6)
		order by lower(s.name), lower(r.name), r.id limit $7`
	list := []roomRow{}
	err := q.SelectContext(ctx, &list, query, reader, pq.Array(spaces), left, after.Space, after.Room, after.ID, limit)
	return list, err
}

// listArchived gives the archived rooms of a space, by name.
func listArchived(ctx context.Context, q db.Q, reader, space ids.ID, after roomPlace, limit int) ([]roomRow, error) {
	const query = `select ` + roomColumns + `, lower(s.name) as space_key, lower(r.name) as key` + roomTables + `
		where r.space_id = $2 and r.archived_at is not null and (lower(s.name), lower(r.name), r.id) > ($3, $4, $5)
		order by lower(s.name), lower(r.name), r.id limit $6`
	list := []roomRow{}
	err := q.SelectContext(ctx, &list, query, reader, space, after.Space, after.Room, after.ID, limit)
	return list, err
}

// listConversations gives those the reader is in, the last spoken in first.
func listConversations(ctx context.Context, q db.Q, reader ids.ID, hidden bool, before conversationPlace, limit int) ([]roomRow, error) {
	const query = `select * from (select ` + roomColumns + `, date_trunc('milliseconds', coalesce(
				(select created_at from messages m where m.room_id = r.id order by seq desc limit 1), r.created_at)) as spoke_at` + roomTables + `
			where r.space_id is null and r.id in (select room_id from room_members where account_id = $1 and left_at is null)) mine
		where (not hidden or $5) and (spoke_at, id) < ($2, $3) order by spoke_at desc, id desc limit $4`
	list := []roomRow{}
	err := q.SelectContext(ctx, &list, query, reader, before.At, before.ID, limit, hidden)
	return list, err
}

func getRoom(ctx context.Context, q db.Q, reader, id ids.ID) (Room, error) {
	const query = `select ` + roomColumns + roomTables + `where r.id = $2`
	var r roomRow
	err := q.GetContext(ctx, &r, query, reader, id)
	return r.room(), err
}

// seat is what somebody is in a room: no row, if nothing.
type seat struct {
	RoomID  ids.ID      `db:"room_id"`
	SpaceID ids.ID      `db:"space_id"`
	Kind    Kind        `db:"kind"`
	Role    access.Role `db:"role"`
	FromSeq int64       `db:"from_seq"`
	Head    int64       `db:"head"`
}

const seatColumns = `r.id as room_id, coalesce(r.space_id, 0) as space_id, r.kind, me.role, me.from_seq, h.last_seq as head`

// getSeat says what somebody is in a room, and leaves it to who asks what that
// is enough for.
func getSeat(ctx context.Context, q db.Q, account, room ids.ID) (seat, error) {
	const query = `select ` + seatColumns + ` from rooms r cross join lateral public.room_role(r.id, $1) me
		join room_heads h on h.room_id = r.id where r.id = $2`
	var s seat
	err := q.GetContext(ctx, &s, query, account, room)
	return s, err
}

// getPlace gives what a post needs to know, in one trip.
func getPlace(ctx context.Context, q db.Q, room, author ids.ID) (seat, accounts.Person, error) {
	const query = `select ` + seatColumns + `, p.id, p.name, p.job, p.organisation, p.organisation_id, p.former
		from rooms r cross join lateral public.room_role(r.id, $2) me join room_heads h on h.room_id = r.id cross join people p
		where r.id = $1 and p.id = $2`
	var row struct {
		seat
		accounts.Person
	}
	err := q.GetContext(ctx, &row, query, room, author)
	return row.seat, row.Person, err
}

// newRoom is what makes a room. SpaceID 0 and Pair are for conversations,
// ClientID and With, in order, for those of a group.
type newRoom struct {
	Kind              Kind
	SpaceID           ids.ID
	Name, Topic, Pair string
	By                ids.ID
	ClientID          string
	With              []ids.ID
}

func insertRoom(ctx context.Context, q db.Q, r newRoom) (ids.ID, error) {
	const query = `with room as (
			insert into rooms (kind, space_id, name, topic, pair, created_by, client_id, begun_with)
			values ($1, nullif($2::bigint, 0), $3, $4, nullif($5, ''), $6, nullif($7, '')::uuid, nullif($8::bigint[], '{}')) returning id),
		head as (insert into room_heads (room_id) select id from room)
		select id from room`
	var id ids.ID
	err := q.GetContext(ctx, &id, query, r.Kind, r.SpaceID, r.Name, r.Topic, r.Pair, r.By, r.ClientID, pq.Array(ids.Ints(r.With)))
	return id, err
}

// getBegun gives what somebody began under a client id, and whether that was
// with the same people.
func getBegun(ctx context.Context, q db.Q, r newRoom) (id ids.ID, same bool, err error) {
	const query = `select id, begun_with = $3::bigint[] as same from rooms where created_by = $1 and client_id = $2`
	var row struct {
		ID   ids.ID `db:"id"`
		Same bool   `db:"same"`
	}
	err = q.GetContext(ctx, &row, query, r.By, r.ClientID, pq.Array(ids.Ints(r.With)))
	return row.ID, row.Same, err
}

func getPair(ctx context.Context, q db.Q, pair string) (ids.ID, error) {
	var id ids.ID
	err := q.GetContext(ctx, &id, `select id from rooms where pair = $1`, pair)
	return id, err
}

func updateRoom(ctx context.Context, q db.Q, id ids.ID, in RoomEdit, now time.Time) (bool, error) {
	const query = `update rooms set name = $3, topic = $4, retention_days = $5,
			retention_set_at = case when $5::int is null then null when $5 is distinct from retention_days then $7 else retention_set_at end,
			archived_at = case when $6 then coalesce(archived_at, $7) end, version = version + 1
		where id = $1 and version = $2`
	res, err := q.ExecContext(ctx, query, id, in.Version, in.Name, in.Topic, in.RetentionDays, in.Archived, now)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// insertRow gives no row for a room that is there already, by its key or by
// its name.
func insertRow(ctx context.Context, q db.Q, r Row) (ids.ID, error) {
	kind, pair := r.kind()
	const query = `with room as (
			insert into rooms (space_id, name, topic, created_at, source_key, kind, pair) values (nullif($1::bigint, 0), $2, $3, $4, $5, $7, nullif($8, ''))
			on conflict do nothing returning id),
		head as (insert into room_heads (room_id, last_seq) select id, $6::bigint from room)
		select id from room`
	var id ids.ID
	err := q.GetContext(ctx, &id, query, r.SpaceID, r.Name, r.Topic, r.CreatedAt, r.Key, len(r.Messages), kind, pair)
	return id, err
}

func insertReads(ctx context.Context, q db.Q, room ids.ID, read map[ids.ID]int64) error {
	accounts, seqs := make([]int64, 0, len(read)), make([]int64, 0, len(read))
	for account, seq := range read {
		accounts, seqs = append(accounts, int64(account)), append(seqs, seq)
	}
	const query = `insert into room_reads (account_id, room_id, last_read_seq) select u.a, $1::bigint, u.s from unnest($2::bigint[], $3::bigint[]) as u(a, s)`
	_, err := q.ExecContext(ctx, query, room, pq.Array(accounts), pq.Array(seqs))
	return err
}

func upsertRead(ctx context.Context, q db.Q, reader, room ids.ID, seq int64) (int64, error) {
	const query = `insert into room_reads as rr (account_id, room_id, last_read_seq) values ($1, $2, $3)
		on conflict (account_id, room_id) do update set last_read_seq = greatest(rr.last_read_seq, excluded.last_read_seq), updated_at = now()
		returning last_read_seq`
	var last int64
	err := q.GetContext(ctx, &last, query, reader, room, seq)
	return last, err
}

func countUnread(ctx context.Context, q db.Q, reader, room ids.ID, after int64) (int, error) {
	const query = `select count(*) from (select 1 from messages
		where room_id = $2 and seq > $3 and author_id <> $1 and deleted_at is null and thread_id is null and notice is null limit 100) counted`
	var n int
	err := q.GetContext(ctx, &n, query, reader, room, after)
	return n, err
}

// lockHeads holds the counters of rooms, in order of their ids so that two
// nodes cannot wait for each other.
func lockHeads(ctx context.Context, q db.Q, rooms []int64) (map[ids.ID]int64, error) {
	if _, err := q.ExecContext(ctx, fmt.Sprintf(`set local lock_timeout = %d`, lockWait.Milliseconds())); err != nil {
		return nil, err
	}
	const query = `select room_id, last_seq from room_heads where room_id = any($1) order by room_id for no key update`
	return heads(ctx, q, query, rooms)
}

// readHeads asks no rights.
func readHeads(ctx context.Context, q db.Q, rooms []int64) (map[ids.ID]int64, error) {
	const query = `select room_id, last_seq from room_heads where room_id = any($1)`
	return heads(ctx, q, query, rooms)
}

func heads(ctx context.Context, q db.Q, query string, rooms []int64) (map[ids.ID]int64, error) {
	var rows []struct {
		RoomID  ids.ID `db:"room_id"`
		LastSeq int64  `db:"last_seq"`
	}
	if err := q.SelectContext(ctx, &rows, query, pq.Array(rooms)); err != nil {
		return nil, err
	}
	out := make(map[ids.ID]int64, len(rows))
	for _, r := range rows {
		out[r.RoomID] = r.LastSeq
	}
	return out, nil
}
