package chat

import (
	"context"
	"time"

	"github.com/lib/pq"

	"guildhall/server/access"
	"guildhall/server/accounts"
	"guildhall/server/db"
	"guildhall/server/ids"
)

// roomColumns needs rooms r, spaces s, room_heads h, memberships mem and
// room_reads rr of the reader, whose account is $1. Without a mark, only what
// was said after the person joined is unread.
const roomColumns = `r.id, r.space_id, s.name as space_name, r.name, r.topic, h.last_seq as head, coalesce(rr.last_read_seq, 0) as last_read_seq,
	r.archived_at is not null as archived, r.version,
	(select created_at from messages m where m.room_id = r.id order by seq desc limit 1) as last_at,
	(select count(*) from (select 1 from messages m
		where m.room_id = r.id and m.author_id <> $1 and m.deleted_at is null and m.seq > coalesce(rr.last_read_seq,
			(select o.seq from messages o where o.room_id = r.id and o.created_at < mem.joined_at order by o.created_at desc limit 1), 0)
		limit 100) counted) as unread`

const roomTables = ` from rooms r join spaces s on s.id = r.space_id and s.deleted_at is null join room_heads h on h.room_id = r.id
	left join memberships mem on mem.space_id = r.space_id and mem.account_id = $1 and mem.ended_at is null
	left join room_reads rr on rr.room_id = r.id and rr.account_id = $1 `

// listedRoom is a room with what the list is sorted by.
type listedRoom struct {
	Room
	SpaceKey string `db:"space_key"`
	Key      string `db:"key"`
}

func listRooms(ctx context.Context, q db.Q, reader ids.ID, spaces []int64, after roomPlace, limit int) ([]listedRoom, error) {
	const query = `select ` + roomColumns + `, lower(s.name) as space_key, lower(r.name) as key` + roomTables + `
		where r.space_id = any($2) and r.archived_at is null and (lower(s.name), lower(r.name), r.id) > ($3, $4, $5)
		order by lower(s.name), lower(r.name), r.id limit $6`
	list := []listedRoom{}
	err := q.SelectContext(ctx, &list, query, reader, pq.Array(spaces), after.Space, after.Room, after.ID, limit)
	return list, err
}

func getRoom(ctx context.Context, q db.Q, reader, id ids.ID) (Room, error) {
	const query = `select ` + roomColumns + roomTables + `where r.id = $2`
	var r Room
	err := q.GetContext(ctx, &r, query, reader, id)
	return r, err
}

// getPlace gives what a post needs to know, in one trip.
func getPlace(ctx context.Context, q db.Q, room, author ids.ID) (Room, accounts.Person, error) {
	const query = `select r.space_id, p.id, p.name, p.job, p.organisation, p.organisation_id, p.former
		from rooms r, people p where r.id = $1 and p.id = $2`
	var row struct {
		SpaceID ids.ID `db:"space_id"`
		accounts.Person
	}
	err := q.GetContext(ctx, &row, query, room, author)
	return Room{ID: room, SpaceID: row.SpaceID}, row.Person, err
}

func insertRoom(ctx context.Context, q db.Q, space ids.ID, name, topic string, by ids.ID) (ids.ID, error) {
	const query = `with room as (
			insert into rooms (space_id, name, topic, created_by) values ($1, $2, $3, $4) returning id),
		head as (insert into room_heads (room_id) select id from room)
		select id from room`
	var id ids.ID
	err := q.GetContext(ctx, &id, query, space, name, topic, by)
	return id, err
}

// insertRow gives no row for a room that is there already, by its key or by
// its name.
func insertRow(ctx context.Context, q db.Q, r Row) (ids.ID, error) {
	const query = `with room as (
			insert into rooms (space_id, name, topic, created_at, source_key) values ($1, $2, $3, $4, $5)
			on conflict do nothing returning id),
		head as (insert into room_heads (room_id, last_seq) select id, $6::bigint from room)
		select id from room`
	var id ids.ID
	err := q.GetContext(ctx, &id, query, r.SpaceID, r.Name, r.Topic, r.CreatedAt, r.Key, len(r.Messages))
	return id, err
}

// insertLoaded stores messages whose numbers the counter holds already.
func insertLoaded(ctx context.Context, q db.Q, list []Message) error {
	n := len(list)
	rooms, seqs, authors, times := make([]int64, n), make([]int64, n), make([]int64, n), make([]string, n)
	clients, bodies, htmls := make([]string, n), make([]string, n), make([]string, n)
	for i, m := range list {
		rooms[i], seqs[i], authors[i], times[i] = int64(m.RoomID), m.Seq, int64(m.Author.ID), m.CreatedAt.Format(time.RFC3339Nano)
		clients[i], bodies[i], htmls[i] = m.ClientID, m.Body, m.HTML
	}
	const query = `insert into messages (room_id, seq, author_id, client_id, body, html, created_at)
		select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::timestamptz[])`
	_, err := q.ExecContext(ctx, query, pq.Array(rooms), pq.Array(seqs), pq.Array(authors), pq.Array(clients), pq.Array(bodies), pq.Array(htmls), pq.Array(times))
	return err
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
		where room_id = $2 and seq > $3 and author_id <> $1 and deleted_at is null limit 100) counted`
	var n int
	err := q.GetContext(ctx, &n, query, reader, room, after)
	return n, err
}

// messageColumns needs messages m and people p of the author.
const messageColumns = `m.id, m.room_id, m.seq, m.client_id, m.version, m.created_at, m.edited_at, m.deleted_at,
	case when m.deleted_at is null then m.body else '' end as body, case when m.deleted_at is null then m.html else '' end as html,
	p.id as "author.id", p.name as "author.name", p.job as "author.job", p.organisation as "author.organisation",
	p.organisation_id as "author.organisation_id", p.former as "author.former"`

const messageTables = ` from messages m join people p on p.id = m.author_id `

func listBefore(ctx context.Context, q db.Q, room ids.ID, seq int64, limit int) ([]Message, error) {
	const query = `select * from (select ` + messageColumns + messageTables + `where m.room_id = $1 and m.seq < $2 order by m.seq desc limit $3) page order by seq`
	list := []Message{}
	err := q.SelectContext(ctx, &list, query, room, seq, limit)
	return list, err
}

func listAfter(ctx context.Context, q db.Q, room ids.ID, seq int64, limit int) ([]Message, error) {
	const query = `select ` + messageColumns + messageTables + `where m.room_id = $1 and m.seq > $2 order by m.seq limit $3`
	list := []Message{}
	err := q.SelectContext(ctx, &list, query, room, seq, limit)
	return list, err
}

func getMessage(ctx context.Context, q db.Q, id ids.ID) (Message, error) {
	const query = `select ` + messageColumns + messageTables + `where m.id = $1`
	var m Message
	err := q.GetContext(ctx, &m, query, id)
	return m, err
}

func findMessage(ctx context.Context, q db.Q, id ids.ID) (room, space ids.ID, err error) {
	const query = `select m.room_id, r.space_id from messages m join rooms r on r.id = m.room_id where m.id = $1`
	var row struct {
		RoomID  ids.ID `db:"room_id"`
		SpaceID ids.ID `db:"space_id"`
	}
	err = q.GetContext(ctx, &row, query, id)
	return row.RoomID, row.SpaceID, err
}

// listChanges reads both tables by number, which never overlap.
func listChanges(ctx context.Context, q db.Q, room ids.ID, after int64, limit int) ([]Change, error) {
	const query = `with numbers as (
			(select m.seq, 'message' as kind, m.id from messages m where m.room_id = $1 and m.seq > $2 order by m.seq limit $3)
			union all
			(select c.seq, c.kind, c.message_id from message_changes c where c.room_id = $1 and c.seq > $2 order by c.seq limit $3)
			order by seq limit $3)
		select n.kind, n.seq as change_seq, coalesce(n.id, 0) as message_id from numbers n order by n.seq`
	var numbers []struct {
		Kind      string `db:"kind"`
		Seq       int64  `db:"change_seq"`
		MessageID ids.ID `db:"message_id"`
	}
	if err := q.SelectContext(ctx, &numbers, query, room, after, limit); err != nil {
		return nil, err
	}
	wanted := make([]int64, len(numbers))
	for i, n := range numbers {
		wanted[i] = int64(n.MessageID)
	}
	messages := map[ids.ID]*Message{}
	list := []Message{}
	const load = `select ` + messageColumns + messageTables + `where m.id = any($1)`
	if err := q.SelectContext(ctx, &list, load, pq.Array(wanted)); err != nil {
		return nil, err
	}
	for i := range list {
		messages[list[i].ID] = &list[i]
	}
	changes := make([]Change, len(numbers))
	for i, n := range numbers {
		changes[i] = Change{Type: n.Kind, Room: room, Seq: n.Seq, Message: messages[n.MessageID]}
		if changes[i].Message == nil {
			changes[i].Type = "gone"
		}
	}
	return changes, nil
}

// lockHeads holds the counters of rooms, in order of their ids so that two
// nodes cannot wait for each other.
func lockHeads(ctx context.Context, q db.Q, rooms []int64) (map[ids.ID]int64, error) {
	const query = `select room_id, last_seq from room_heads where room_id = any($1) order by room_id for no key update`
	return heads(ctx, q, query, rooms)
}

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

// check is what a post is checked against at commit. Stored is the message
// that its client id stands for already, StoredBody what came with it.
type check struct {
	Member     bool    `db:"member"`
	Allowed    bool    `db:"allowed"`
	Archived   bool    `db:"archived"`
	Muted      bool    `db:"muted"`
	Stored     *ids.ID `db:"stored"`
	StoredBody *string `db:"stored_body"`
}

// checkPosts gives one check for each post, in their order. The allowed roles
// come from the one table of rights.
func checkPosts(ctx context.Context, q db.Q, batch []*post, now time.Time) ([]check, error) {
	rooms, authors, clients := make([]int64, len(batch)), make([]int64, len(batch)), make([]string, len(batch))
	for i, p := range batch {
		rooms[i], authors[i], clients[i] = int64(p.message.RoomID), int64(p.message.Author.ID), p.message.ClientID
	}
	const query = `select mem.role is not null as member, coalesce(mem.role = any($4), false) as allowed,
			r.archived_at is not null as archived, coalesce(mem.muted_until > $5, false) as muted, m.id as stored,
			coalesce(v.body, m.body) as stored_body
		from unnest($1::bigint[], $2::bigint[], $3::uuid[]) with ordinality as p(room_id, author_id, client_id, place)
		left join rooms r on r.id = p.room_id
		left join memberships mem on mem.space_id = r.space_id and mem.account_id = p.author_id and mem.ended_at is null
		left join messages m on m.room_id = p.room_id and m.author_id = p.author_id and m.client_id = p.client_id
		left join message_versions v on v.message_id = m.id and v.version = 1
		order by p.place`
	var out []check
	err := q.SelectContext(ctx, &out, query, pq.Array(rooms), pq.Array(authors), pq.Array(clients), pq.Array(access.RolesFor(access.PostMessage)), now)
	return out, err
}

// insertMessages stores numbered posts and raises the counters, in one trip.
func insertMessages(ctx context.Context, q db.Q, fresh []*post, heads map[ids.ID]int64) error {
	n := len(fresh)
	rooms, seqs, authors := make([]int64, n), make([]int64, n), make([]int64, n)
	clients, bodies, htmls := make([]string, n), make([]string, n), make([]string, n)
	for i, p := range fresh {
		m := p.message
		rooms[i], seqs[i], authors[i] = int64(m.RoomID), m.Seq, int64(m.Author.ID)
		clients[i], bodies[i], htmls[i] = m.ClientID, m.Body, m.HTML
	}
	var headRooms, headSeqs []int64
	for room, seq := range heads {
		headRooms, headSeqs = append(headRooms, int64(room)), append(headSeqs, seq)
	}
	const query = `with stored as (
			insert into messages (room_id, seq, author_id, client_id, body, html, created_at)
			select p.room_id, p.seq, p.author_id, p.client_id, p.body, p.html, $7
			from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::uuid[], $5::text[], $6::text[]) as p(room_id, seq, author_id, client_id, body, html)
			returning id, room_id, seq),
		raised as (
			update room_heads h set last_seq = u.seq from unnest($8::bigint[], $9::bigint[]) as u(room_id, seq)
			where h.room_id = u.room_id and h.last_seq < u.seq)
		select id, room_id, seq from stored`
	var rows []struct {
		ID     ids.ID `db:"id"`
		RoomID ids.ID `db:"room_id"`
		Seq    int64  `db:"seq"`
	}
	err := q.SelectContext(ctx, &rows, query, pq.Array(rooms), pq.Array(seqs), pq.Array(authors), pq.Array(clients), pq.Array(bodies), pq.Array(htmls),
		fresh[0].message.CreatedAt, pq.Array(headRooms), pq.Array(headSeqs))
	if err != nil {
		return err
	}
	type number struct {
		room ids.ID
		seq  int64
	}
	stored := make(map[number]ids.ID, n)
	for _, r := range rows {
		stored[number{r.RoomID, r.Seq}] = r.ID
	}
	for _, p := range fresh {
		p.message.ID = stored[number{p.message.RoomID, p.message.Seq}]
	}
	return nil
}

func insertVersion(ctx context.Context, q db.Q, m *Message, now time.Time) error {
	const query = `insert into message_versions (message_id, version, body, replaced_at) values ($1, $2, $3, $4)`
	_, err := q.ExecContext(ctx, query, m.ID, m.Version, m.Body, now)
	return err
}

func updateMessage(ctx context.Context, q db.Q, m *Message) error {
	const query = `update messages set body = $2, html = $3, edited_at = $4, version = $5 where id = $1`
	_, err := q.ExecContext(ctx, query, m.ID, m.Body, m.HTML, m.EditedAt, m.Version)
	return err
}

func deleteMessage(ctx context.Context, q db.Q, id, by ids.ID, now time.Time) error {
	const query = `update messages set deleted_at = $3, deleted_by = $2 where id = $1`
	_, err := q.ExecContext(ctx, query, id, by, now)
	return err
}

// insertChange stores a change and raises the counter to its number.
func insertChange(ctx context.Context, q db.Q, room ids.ID, seq int64, kind string, message, by ids.ID, now time.Time) error {
	const query = `with raised as (update room_heads set last_seq = $2 where room_id = $1)
		insert into message_changes (room_id, seq, kind, message_id, by_id, at) values ($1, $2, $3, $4, $5, $6)`
	_, err := q.ExecContext(ctx, query, room, seq, kind, message, by, now)
	return err
}
