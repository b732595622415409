package chat

import (
	"context"
	"database/sql"
	"time"

	"github.com/lib/pq"

	"guildhall/server/access"
	"guildhall/server/accounts"
	"guildhall/server/db"
	"guildhall/server/ids"
)

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

// messageColumns needs messages m and people p of the author.
const messageColumns = `m.id, m.room_id, m.seq, m.client_id, m.version, m.created_at, m.edited_at, m.deleted_at,
	case when m.deleted_at is null then m.body else '' end as body, case when m.deleted_at is null then m.html else '' end as html,
	case when m.deleted_at is null then m.reactions end as reactions, m.pinned_at, m.pinned_by, case when m.deleted_at is null then coalesce(m.forward_of, 0) else 0 end as forward_of, m.notice as kept, coalesce(m.thread_id, 0) as thread_id, m.replies,
	case when m.deleted_at is null then ` + messageFiles + ` end as files, p.id as "author.id", p.name as "author.name", p.job as "author.job", p.organisation as "author.organisation",
	p.organisation_id as "author.organisation_id", p.former as "author.former"`

const messageTables = ` from messages m join people p on p.id = m.author_id `

// messageRow is a message as it is read.
type messageRow struct {
	Message
	Kept      db.JSON[*keptNotice]    `db:"kept"`
	Reactions db.JSON[[]keptReaction] `db:"reactions"`
	PinnedBy  *ids.ID                 `db:"pinned_by"`
	Files     db.JSON[[]Attachment]   `db:"files"`
	Replies   int                     `db:"replies"`
}

func selectMessages(ctx context.Context, q db.Q, query string, args ...any) ([]Message, error) {
	var rows []messageRow
	if err := q.SelectContext(ctx, &rows, query, args...); err != nil {
		return nil, err
	}
	list := make([]Message, len(rows))
	for i, r := range rows {
		list[i] = r.Message
		list[i].Attachments = r.Files.V
		list[i].replies = r.Replies
		if k := r.Kept.V; k != nil {
			list[i].Notice = &Notice{Kind: k.Kind, PeopleIDs: k.People, History: k.History, Name: k.Name}
		}
		for _, k := range r.Reactions.V {
			list[i].Reactions = append(list[i].Reactions, k.reaction())
		}
		if r.PinnedBy != nil {
			list[i].PinnedBy = &Named{ID: *r.PinnedBy}
		}
	}
	if err := fillThreads(ctx, q, list); err != nil {
		return nil, err
	}
	return list, fillPeople(ctx, q, list)
}

// fillPeople gives the people of notices, reactions and pins the names that
// they have now.
func fillPeople(ctx context.Context, q db.Q, list []Message) error {
	var wanted []ids.ID
	for _, m := range list {
		if m.Notice != nil {
			wanted = append(wanted, m.Notice.PeopleIDs...)
		}
		for _, r := range m.Reactions {
			wanted = append(wanted, r.first()...)
		}
		if m.PinnedBy != nil {
			wanted = append(wanted, m.PinnedBy.ID)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	const query = `select id, name, job, organisation, organisation_id, former from people where id = any($1)`
	var found []accounts.Person
	if err := q.SelectContext(ctx, &found, query, pq.Array(ids.Ints(wanted))); err != nil {
		return err
	}
	people := make(map[ids.ID]accounts.Person, len(found))
	for _, p := range found {
		people[p.ID] = p
	}
	for i := range list {
		if n := list[i].Notice; n != nil {
			for _, id := range n.PeopleIDs {
				n.People = append(n.People, people[id])
			}
		}
		list[i].nameReactors(people)
	}
	return nil
}

// The stretches hold nothing that was said up to from, and no replies: those
// are in their threads.

func listBefore(ctx context.Context, q db.Q, room ids.ID, from, seq int64, limit int) ([]Message, error) {
	const query = `select * from (select ` + messageColumns + messageTables + `cross join (select $4::bigint as from_seq) me
		where m.room_id = $1 and m.thread_id is null and m.seq < $2 and ` + visible + ` order by m.seq desc limit $3) page order by seq`
	return selectMessages(ctx, q, query, room, seq, limit, from)
}

func listAfter(ctx context.Context, q db.Q, room ids.ID, from, seq int64, limit int) ([]Message, error) {
	const query = `select ` + messageColumns + messageTables + `cross join (select $4::bigint as from_seq) me
		where m.room_id = $1 and m.thread_id is null and m.seq > $2 and ` + visible + ` order by m.seq limit $3`
	return selectMessages(ctx, q, query, room, seq, limit, from)
}

// getMessage asks no rights.
func getMessage(ctx context.Context, q db.Q, id ids.ID) (Message, error) {
	const query = `select ` + messageColumns + messageTables + `where m.id = $1`
	list, err := selectMessages(ctx, q, query, id)
	if err == nil && len(list) == 0 {
		err = sql.ErrNoRows
	}
	if err != nil {
		return Message{}, err
	}
	return list[0], nil
}

// findMessage gives the reader's seat in the room of a message; no row, if they
// may not see it.
func findMessage(ctx context.Context, q db.Q, reader, id ids.ID) (seat, error) {
	const query = `select ` + seatColumns + ` from messages m join rooms r on r.id = m.room_id cross join lateral public.room_role(r.id, $1) me
		join room_heads h on h.room_id = r.id where m.id = $2 and ` + visible
	var s seat
	err := q.GetContext(ctx, &s, query, reader, id)
	return s, err
}

func insertNotice(ctx context.Context, q db.Q, room ids.ID, seq int64, author ids.ID, client string, n keptNotice, now time.Time) (ids.ID, error) {
	const query = `with raised as (update room_heads set last_seq = $2 where room_id = $1)
		insert into messages (room_id, seq, author_id, client_id, body, html, notice, created_at) values ($1, $2, $3, $4, '', '', $5::text::jsonb, $6) returning id`
	var id ids.ID
	err := q.GetContext(ctx, &id, query, room, seq, author, client, db.JSON[keptNotice]{V: n}, now)
	return id, err
}

// listChanges reads both tables by number, which never overlap. It asks no
// rights, and gives what is hidden from the late too: who reads it out asks
// Message.of.
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
	wanted := make([]ids.ID, len(numbers))
	for i, n := range numbers {
		wanted[i] = n.MessageID
	}
	messages, err := getMessages(ctx, q, wanted)
	if err != nil {
		return nil, err
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

// check is what a post is checked against at commit. Stored is the message
// that its client id stands for already, StoredBody what came with it, which a
// deleted one has lost.
type check struct {
	Member        bool    `db:"member"`
	Allowed       bool    `db:"allowed"`
	Archived      bool    `db:"archived"`
	Muted         bool    `db:"muted"`
	FromSeq       int64   `db:"from_seq"`
	Stored        *ids.ID `db:"stored"`
	StoredBody    *string `db:"stored_body"`
	StoredDeleted bool    `db:"stored_deleted"`
	People        int     `db:"people"` // in the room, counted for @room alone
	MayCall       bool    `db:"may_call"`
}

// checkPosts gives one check for each post, in their order. The allowed roles
// come from the one table of rights.
func checkPosts(ctx context.Context, q db.Q, batch []*post, now time.Time) ([]check, error) {
	rooms, authors, clients, called := make([]int64, len(batch)), make([]int64, len(batch)), make([]string, len(batch)), make([]bool, len(batch))
	for i, p := range batch {
		rooms[i], authors[i], clients[i], called[i] = int64(p.message.RoomID), int64(p.message.Author.ID), p.message.ClientID, p.calls.room
	}
	const query = `select me.role is not null as member, coalesce(me.role = any($4), false) as allowed,
			r.archived_at is not null as archived, coalesce(me.muted_until > $5, false) as muted, coalesce(me.from_seq, 0) as from_seq, m.id as stored,
			coalesce(v.body, m.body) as stored_body, m.deleted_at is not null as stored_deleted, coalesce(me.role = any($7), false) as may_call,
			case when p.called then (select count(*) from public.room_people(p.room_id)) else 0 end as people
		from unnest($1::bigint[], $2::bigint[], $3::uuid[], $6::boolean[]) with ordinality as p(room_id, author_id, client_id, called, place)
		left join rooms r on r.id = p.room_id
		left join lateral public.room_role(p.room_id, p.author_id) me on true
		left join messages m on m.room_id = p.room_id and m.author_id = p.author_id and m.client_id = p.client_id
		left join message_versions v on v.message_id = m.id and v.version = 1
		order by p.place`
	var out []check
	err := q.SelectContext(ctx, &out, query, pq.Array(rooms), pq.Array(authors), pq.Array(clients), pq.Array(access.RolesFor(access.PostMessage)), now,
		pq.Array(called), pq.Array(access.RolesFor(access.CallRoom)))
	return out, err
}

// insertMessages stores numbered posts and raises the counters, in one trip.
func insertMessages(ctx context.Context, q db.Q, fresh []*post, heads map[ids.ID]int64) error {
	n := len(fresh)
	rooms, seqs, authors := make([]int64, n), make([]int64, n), make([]int64, n)
	clients, bodies, htmls, threads := make([]string, n), make([]string, n), make([]string, n), make([]int64, n)
	for i, p := range fresh {
		m := p.message
		rooms[i], seqs[i], authors[i] = int64(m.RoomID), m.Seq, int64(m.Author.ID)
		clients[i], bodies[i], htmls[i], threads[i] = m.ClientID, m.Body, m.HTML, int64(m.ThreadID)
	}
	var headRooms, headSeqs []int64
	for room, seq := range heads {
		headRooms, headSeqs = append(headRooms, int64(room)), append(headSeqs, seq)
	}
	const query = `with stored as (
			insert into messages (room_id, seq, author_id, client_id, body, html, thread_id, created_at)
			select p.room_id, p.seq, p.author_id, p.client_id, p.body, p.html, nullif(p.thread_id, 0), $7
			from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::uuid[], $5::text[], $6::text[], $10::bigint[]) as p(room_id, seq, author_id, client_id, body, html, thread_id)
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
		fresh[0].message.CreatedAt, pq.Array(headRooms), pq.Array(headSeqs), pq.Array(threads))
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

// deleteMessage leaves the message's place, and nothing that it said.
func deleteMessage(ctx context.Context, q db.Q, id, by ids.ID, now time.Time) error {
	const query = `with reacted as (delete from message_reactions where message_id = $1),
			worded as (delete from message_versions where message_id = $1),
			called as (delete from message_mentions where message_id = $1)
		update messages set body = '', html = '', forward_of = null, deleted_at = $3, deleted_by = $2, reactions = null, pinned_at = null, pinned_by = null
		where id = $1`
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
