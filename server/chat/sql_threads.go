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

// visible is the one spelling of which messages m of a room somebody sees who
// sees it from me.from_seq on: what was said since, and of it replies only to
// what they see. Message.of is the same in Go, for what is told and not read.
const visible = `(m.seq > me.from_seq and (m.thread_id is null or (select o.seq from messages o where o.id = m.thread_id) > me.from_seq))`

// root is the first message of a thread, as replies are checked against it.
type root struct {
	Thread
	ID       ids.ID                     `db:"id"`
	RoomID   ids.ID                     `db:"room_id"`
	AuthorID ids.ID                     `db:"author_id"`
	Body     string                     `db:"body"`
	Alone    bool                       `db:"alone"` // neither a reply nor a notice
	Deleted  bool                       `db:"deleted"`
	Faces    db.JSON[[]accounts.Person] `db:"people"`
}

// getRoots gives the messages of these ids by id, with the people who replied
// last by the names that they have now. It asks no rights.
func getRoots(ctx context.Context, q db.Q, wanted []ids.ID) (map[ids.ID]*root, error) {
	const query = `select t.id, t.room_id, t.seq, t.author_id, t.body, t.thread_id is null and t.notice is null as alone, t.deleted_at is not null as deleted,
			t.replies, coalesce(t.last_reply_seq, 0) as last_reply_seq, t.last_reply_at,
			(select json_agg(json_build_object('id', p.id::text, 'name', p.name, 'job', p.job, 'organisation', p.organisation,
				'organisationId', p.organisation_id::text, 'former', p.former) order by u.place)
			from unnest(t.repliers) with ordinality as u(id, place) join people p on p.id = u.id) as people
		from messages t where t.id = any($1)`
	var rows []root
	if err := q.SelectContext(ctx, &rows, query, pq.Array(ids.Ints(wanted))); err != nil {
		return nil, err
	}
	out := make(map[ids.ID]*root, len(rows))
	for i := range rows {
		rows[i].People = append([]accounts.Person{}, rows[i].Faces.V...)
		out[rows[i].ID] = &rows[i]
	}
	return out, nil
}

// updateRoots stores what has become of threads by replies that were inserted.
func updateRoots(ctx context.Context, q db.Q, list []*root) error {
	n := len(list)
	threads, replies, seqs, times, people := make([]int64, n), make([]int64, n), make([]int64, n), make([]string, n), make([]string, n)
	for i, r := range list {
		threads[i], replies[i], seqs[i], times[i] = int64(r.ID), int64(r.Replies), r.LastSeq, r.LastAt.Format(time.RFC3339Nano)
		faces, err := pq.Array(ids.Ints(r.repliers())).Value()
		if err != nil {
			return err
		}
		people[i] = faces.(string)
	}
	const query = `update messages t set replies = u.replies, last_reply_seq = u.seq, last_reply_at = u.at, repliers = u.people::bigint[]
		from unnest($1::bigint[], $2::int[], $3::bigint[], $4::timestamptz[], $5::text[]) as u(id, replies, seq, at, people) where t.id = u.id`
	_, err := q.ExecContext(ctx, query, pq.Array(threads), pq.Array(replies), pq.Array(seqs), pq.Array(times), pq.Array(people))
	return err
}

// recountThread makes what a thread's first message says of it anew from the
// replies that are left.
func recountThread(ctx context.Context, q db.Q, thread ids.ID) error {
	const query = `update messages t set replies = c.replies, last_reply_seq = c.seq, last_reply_at = c.at,
			repliers = (select array_agg(l.author_id order by l.seq desc) from (select author_id, max(seq) as seq from messages
				where thread_id = $1 and deleted_at is null group by author_id order by 2 desc limit $2) l)
		from (select count(*) as replies, max(seq) as seq, max(created_at) as at from messages where thread_id = $1 and deleted_at is null) c
		where t.id = $1`
	_, err := q.ExecContext(ctx, query, thread, mostFaces)
	return err
}

// findThread gives the reader's seat in the room of a thread, which any of its
// messages names, and the id of its first; no row, if they may not see it.
func findThread(ctx context.Context, q db.Q, reader, message ids.ID) (seat, ids.ID, error) {
	const query = `select ` + seatColumns + `, coalesce(m.thread_id, m.id) as thread from messages m
		join rooms r on r.id = m.room_id cross join lateral public.room_role(r.id, $1) me
		join room_heads h on h.room_id = r.id where m.id = $2 and m.notice is null and ` + visible
	var row struct {
		seat
		Thread ids.ID `db:"thread"`
	}
	err := q.GetContext(ctx, &row, query, reader, message)
	return row.seat, row.Thread, err
}

// The replies of a thread are for whoever may see it; these ask no rights.

func repliesBefore(ctx context.Context, q db.Q, thread ids.ID, seq int64, limit int) ([]Message, error) {
	const query = `select * from (select ` + messageColumns + messageTables + `where m.thread_id = $1 and m.seq < $2 order by m.seq desc limit $3) page order by seq`
	return selectMessages(ctx, q, query, thread, seq, limit)
}

func repliesAfter(ctx context.Context, q db.Q, thread ids.ID, seq int64, limit int) ([]Message, error) {
	const query = `select ` + messageColumns + messageTables + `where m.thread_id = $1 and m.seq > $2 order by m.seq limit $3`
	return selectMessages(ctx, q, query, thread, seq, limit)
}

// countReplies needs the first message m of a thread and the mark tr of whoever
// follows it: what others said in it since.
const countReplies = `case when tr.following and m.last_reply_seq > tr.last_read_seq then (select count(*) from (select 1 from messages u
	where u.thread_id = m.id and u.seq > tr.last_read_seq and u.author_id <> tr.account_id and u.deleted_at is null limit 100) counted) else 0 end`

const markColumns = `'thread-read' as type, m.room_id, m.id as thread_id, coalesce(tr.following, false) as following,
	coalesce(tr.last_read_seq, 0) as last_read_seq, coalesce(m.last_reply_seq, 0) as last_reply_seq, ` + countReplies + ` as unread`

// getThreadMark asks no rights.
func getThreadMark(ctx context.Context, q db.Q, reader, thread ids.ID) (ThreadMark, error) {
	const query = `select ` + markColumns + ` from messages m left join thread_reads tr on tr.thread_id = m.id and tr.account_id = $1 where m.id = $2`
	var m ThreadMark
	err := q.GetContext(ctx, &m, query, reader, thread)
	return m, err
}

// followerMark is how one of several people stands to a thread.
type followerMark struct {
	Account ids.ID `db:"account_id"`
	ThreadMark
}

// listThreadMarks gives the marks of followers, in no particular order.
func listThreadMarks(ctx context.Context, q db.Q, list []follower) ([]followerMark, error) {
	accounts, threads := make([]int64, len(list)), make([]int64, len(list))
	for i, f := range list {
		accounts[i], threads[i] = int64(f.Account), int64(f.Thread)
	}
	const query = `select tr.account_id, ` + markColumns + ` from unnest($1::bigint[], $2::bigint[]) as w(account_id, thread_id)
		join messages m on m.id = w.thread_id join thread_reads tr on tr.thread_id = w.thread_id and tr.account_id = w.account_id`
	var marks []followerMark
	err := q.SelectContext(ctx, &marks, query, pq.Array(accounts), pq.Array(threads))
	return marks, err
}

// raiseThread says how far somebody who follows a thread has read it.
func raiseThread(ctx context.Context, q db.Q, reader, thread ids.ID, seq int64) error {
	const query = `update thread_reads set last_read_seq = $3 where account_id = $1 and thread_id = $2 and last_read_seq < $3`
	_, err := q.ExecContext(ctx, query, reader, thread, seq)
	return err
}

// upsertFollowing begins with what is said from now on.
func upsertFollowing(ctx context.Context, q db.Q, reader, thread ids.ID, following bool) error {
	const query = `insert into thread_reads as tr (account_id, thread_id, following, last_read_seq)
		select $1, t.id, $3, coalesce(t.last_reply_seq, t.seq) from messages t where t.id = $2
		on conflict (account_id, thread_id) do update set following = $3,
			last_read_seq = case when tr.following then tr.last_read_seq else greatest(tr.last_read_seq, excluded.last_read_seq) end`
	_, err := q.ExecContext(ctx, query, reader, thread, following)
	return err
}

// follower is somebody who is to follow a thread, from after a number on.
type follower struct {
	Account ids.ID `db:"account_id"`
	Thread  ids.ID `db:"thread_id"`
	after   int64
	wrote   bool
}

// insertFollowers gives those who follow from now on. Nobody follows what they
// may not see, and who stopped follows again only by writing.
func insertFollowers(ctx context.Context, q db.Q, list []follower) ([]follower, error) {
	n := len(list)
	accounts, threads, marks, wrote := make([]int64, n), make([]int64, n), make([]int64, n), make([]bool, n)
	for i, f := range list {
		accounts[i], threads[i], marks[i], wrote[i] = int64(f.Account), int64(f.Thread), f.after, f.wrote
	}
	const query = `with wanted as (select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean[]) as w(account_id, thread_id, mark, wrote))
		insert into thread_reads as tr (account_id, thread_id, last_read_seq)
		select w.account_id, w.thread_id, w.mark from wanted w join messages m on m.id = w.thread_id cross join lateral public.room_role(m.room_id, w.account_id) me
		where ` + visible + ` order by w.account_id, w.thread_id
		on conflict (account_id, thread_id) do update set following = true, last_read_seq = greatest(tr.last_read_seq, excluded.last_read_seq)
			where not tr.following and exists (select from wanted w where w.account_id = tr.account_id and w.thread_id = tr.thread_id and w.wrote)
		returning account_id, thread_id`
	var fresh []follower
	err := q.SelectContext(ctx, &fresh, query, pq.Array(accounts), pq.Array(threads), pq.Array(marks), pq.Array(wrote))
	return fresh, err
}

// insertCalled gives those whom @room calls into a thread after a number:
// everybody in the room who sees it, but who stopped following.
func insertCalled(ctx context.Context, q db.Q, thread ids.ID, after int64) ([]follower, error) {
	const query = `insert into thread_reads (account_id, thread_id, last_read_seq)
		select me.account_id, m.id, $2 from messages m cross join lateral public.room_people(m.room_id) me
		where m.id = $1 and ` + visible + ` order by me.account_id
		on conflict (account_id, thread_id) do nothing returning account_id, thread_id`
	var fresh []follower
	err := q.SelectContext(ctx, &fresh, query, thread, after)
	return fresh, err
}

// threadPlace is the sort key of the list of threads: those with something new
// first, then the last spoken in.
type threadPlace struct {
	Fresh int       `db:"fresh"`
	At    time.Time `db:"last_reply_at"`
	ID    ids.ID    `db:"thread_id"`
}

type threadRow struct {
	threadPlace
	RoomID      ids.ID `db:"room_id"`
	Kind        Kind   `db:"kind"`
	RoomName    string `db:"room_name"`
	SpaceName   string `db:"space_name"`
	LastReadSeq int64  `db:"last_read_seq"`
	LastSeq     int64  `db:"last_reply_seq"`
	Unread      int    `db:"unread"`
	Muted       bool   `db:"muted"`
	All         int    `db:"all_fresh"`
}

// listThreads gives the threads that the reader follows and may see, without
// those of rooms that they left. Muted rooms are listed and not counted.
func listThreads(ctx context.Context, q db.Q, reader ids.ID, before threadPlace, limit int) ([]threadRow, error) {
	const query = `with mine as (
			select m.id as thread_id, m.last_reply_at, m.last_reply_seq, r.id as room_id, r.kind, r.name as room_name, coalesce(s.name, '') as space_name,
				tr.last_read_seq, coalesce(rs.muted, false) as muted, ` + countReplies + ` as unread
			from thread_reads tr join messages m on m.id = tr.thread_id join rooms r on r.id = m.room_id cross join lateral public.room_role(r.id, $1) me
			left join spaces s on s.id = r.space_id left join room_settings rs on rs.room_id = r.id and rs.account_id = $1
			where tr.account_id = $1 and tr.following and m.replies > 0 and ` + visible + ` and me.role = any($2) and rs.left_at is null),
		keyed as (select mine.*, sign(unread)::int as fresh from mine)
		select thread_id, last_reply_at, last_reply_seq, room_id, kind, room_name, space_name, last_read_seq, unread, muted, fresh,
			least((select count(*) from keyed where fresh = 1 and not muted), 100) as all_fresh
		from keyed where (fresh, last_reply_at, thread_id) < ($3, $4, $5) order by fresh desc, last_reply_at desc, thread_id desc limit $6`
	list := []threadRow{}
	err := q.SelectContext(ctx, &list, query, reader, pq.Array(access.RolesFor(access.ViewRoom)), before.Fresh, before.At, before.ID, limit)
	return list, err
}

// getMessages asks no rights.
func getMessages(ctx context.Context, q db.Q, wanted []ids.ID) (map[ids.ID]*Message, error) {
	const query = `select ` + messageColumns + messageTables + `where m.id = any($1)`
	list, err := selectMessages(ctx, q, query, pq.Array(ids.Ints(wanted)))
	if err != nil {
		return nil, err
	}
	out := make(map[ids.ID]*Message, len(list))
	for i := range list {
		out[list[i].ID] = &list[i]
	}
	return out, nil
}
