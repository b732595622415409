package forum

import (
	"context"
	"time"

	"github.com/lib/pq"

	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/ids"
)

// unreadPosts is a FROM with the unread posts of topic t for the reader, whose
// account is $1. Without a mark, only what was said after the person joined
// the space is unread. The names last_read_number and joined_at come from the
// query around it.
const unreadPosts = ` from posts n where n.topic_id = t.id and n.author_id <> $1 and n.deleted_at is null and n.number > coalesce(last_read_number,
	(select o.number from posts o where o.topic_id = t.id and o.created_at < joined_at order by o.created_at desc, o.number desc limit 1), 0) `

// topicColumns needs the topicTables. Deleted posts are few, so that counting
// them is cheaper than counting the others.
const topicColumns = `t.id, t.space_id, s.name as space_name, t.title, t.excerpt, t.created_at, t.last_post_at, t.last_number, t.pinned, t.closed, t.version,
	t.last_number - (select count(*) from posts d where d.topic_id = t.id and d.deleted_at is not null) as posts,
	coalesce(tr.last_read_number, 0) as last_read_number, (select count(*) from (select 1` + unreadPosts + `limit 100) counted) as unread,
	a.id as "author.id", a.name as "author.name", a.job as "author.job", a.organisation as "author.organisation",
	a.organisation_id as "author.organisation_id", a.former as "author.former",
	l.id as "last_post_by.id", l.name as "last_post_by.name", l.job as "last_post_by.job", l.organisation as "last_post_by.organisation",
	l.organisation_id as "last_post_by.organisation_id", l.former as "last_post_by.former"`

const topicTables = ` from topics t` + topicJoins

// topicJoins looks people up one by one ("offset 0"): so many tables are joined
// that the planner would rather make the whole view of people first.
const topicJoins = ` join spaces s on s.id = t.space_id and s.deleted_at is null
	cross join lateral (select * from people p where p.id = t.author_id offset 0) a
	cross join lateral (select * from people p where p.id = t.last_post_by offset 0) l` + topicReader

// topicReader is what the reader is to topic t: since when in its space, and
// how far they have read.
const topicReader = ` left join memberships mem on mem.space_id = t.space_id and mem.account_id = $1 and mem.ended_at is null
	left join topic_reads tr on tr.topic_id = t.id and tr.account_id = $1 `

// listNewest finds the topics of the page first and looks at people and counts
// for those alone: page stands first, since the planner keeps to the order of
// so many tables. "offset 0" keeps the order of work: the planner would look
// for unread posts in every topic before it sorted. Where nothing was opened
// and nothing said since the reader joined, nothing can be unread, which
// spares a look at the posts.
func listNewest(ctx context.Context, q db.Q, reader ids.ID, spaces []int64, unread bool, from place, limit int) ([]Topic, error) {
	const query = `with page as materialized (
			select t.id from (
				select t.id, t.last_post_at, mem.joined_at, tr.last_read_number
				from topics t join spaces s on s.id = t.space_id and s.deleted_at is null` + topicReader + `where t.deleted_at is null
					and t.space_id = any($2) and (t.last_post_at, t.id) < ($3::timestamptz, $4::bigint)
					and (not $5::bool or t.last_number > tr.last_read_number or tr.last_read_number is null and t.last_post_at >= mem.joined_at)
				order by t.last_post_at desc, t.id desc offset 0) t
			where not $5::bool or exists (select 1` + unreadPosts + `)
			order by t.last_post_at desc, t.id desc limit $6)
		select ` + topicColumns + ` from page join topics t on t.id = page.id` + topicJoins + `order by t.last_post_at desc, t.id desc`
	list := []Topic{}
	err := q.SelectContext(ctx, &list, query, reader, pq.Array(spaces), from.At, from.ID, unread, limit)
	return list, err
}

func listTopics(ctx context.Context, q db.Q, reader, space ids.ID, from place, limit int) ([]Topic, error) {
	const query = `select ` + topicColumns + topicTables + `where t.deleted_at is null and t.space_id = $2
			and (t.pinned, t.last_post_at, t.id) < ($3::bool, $4::timestamptz, $5::bigint)
		order by t.pinned desc, t.last_post_at desc, t.id desc limit $6`
	list := []Topic{}
	err := q.SelectContext(ctx, &list, query, reader, space, from.Pinned, from.At, from.ID, limit)
	return list, err
}

func getTopic(ctx context.Context, q db.Q, reader, id ids.ID) (Topic, error) {
	const query = `select ` + topicColumns + topicTables + `where t.id = $2 and t.deleted_at is null`
	var t Topic
	err := q.GetContext(ctx, &t, query, reader, id)
	return t, err
}

// topicRow is a topic as it is stored at first.
type topicRow struct {
	SpaceID, AuthorID, LastPostBy ids.ID
	Title, Excerpt, SourceKey     string
	LastNumber                    int64
	CreatedAt, LastPostAt         time.Time
	Pinned, Closed                bool
}

// insertTopic stores a topic; one with a source key that is there already
// gives no row.
func insertTopic(ctx context.Context, q db.Q, t topicRow) (ids.ID, error) {
	const query = `insert into topics (space_id, author_id, title, excerpt, last_number, created_at, last_post_at, last_post_by, pinned, closed, source_key)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9::bool, $10::bool, nullif($11, '')) on conflict (source_key) do nothing returning id`
	var id ids.ID
	err := q.GetContext(ctx, &id, query, t.SpaceID, t.AuthorID, t.Title, t.Excerpt, t.LastNumber, t.CreatedAt, t.LastPostAt, t.LastPostBy, t.Pinned, t.Closed, t.SourceKey)
	return id, err
}

// heldTopic is a topic whose row is locked.
type heldTopic struct {
	ID         ids.ID `db:"id"`
	SpaceID    ids.ID `db:"space_id"`
	AuthorID   ids.ID `db:"author_id"`
	Title      string `db:"title"`
	LastNumber int64  `db:"last_number"`
	Pinned     bool   `db:"pinned"`
	Closed     bool   `db:"closed"`
	Version    int    `db:"version"`
}

func lockTopic(ctx context.Context, q db.Q, id ids.ID) (heldTopic, error) {
	const query = `select id, space_id, author_id, title, last_number, pinned, closed, version
		from topics where id = $1 and deleted_at is null for no key update`
	var t heldTopic
	err := q.GetContext(ctx, &t, query, id)
	return t, err
}

func updateTopic(ctx context.Context, q db.Q, t heldTopic) error {
	const query = `update topics set title = $2, pinned = $3::bool, closed = $4::bool, version = version + 1 where id = $1`
	_, err := q.ExecContext(ctx, query, t.ID, t.Title, t.Pinned, t.Closed)
	return err
}

func setExcerpt(ctx context.Context, q db.Q, id ids.ID, excerpt string) error {
	_, err := q.ExecContext(ctx, `update topics set excerpt = $2 where id = $1`, id, excerpt)
	return err
}

// raiseTopic makes a new post the last one of its topic.
func raiseTopic(ctx context.Context, q db.Q, p postRow) error {
	const query = `update topics set last_number = $2, last_post_at = $3, last_post_by = $4 where id = $1`
	_, err := q.ExecContext(ctx, query, p.TopicID, p.Number, p.CreatedAt, p.AuthorID)
	return err
}

// lowerTopic makes the last post that is not deleted the last one of its
// topic, or says that none is left.
func lowerTopic(ctx context.Context, q db.Q, id ids.ID) (left bool, err error) {
	const query = `update topics t set last_post_at = p.created_at, last_post_by = p.author_id
		from (select created_at, author_id from posts where topic_id = $1 and deleted_at is null order by number desc limit 1) p
		where t.id = $1`
	res, err := q.ExecContext(ctx, query, id)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func deleteTopic(ctx context.Context, q db.Q, id, by ids.ID, now time.Time) error {
	const query = `update topics set deleted_at = $3, deleted_by = $2, version = version + 1 where id = $1`
	_, err := q.ExecContext(ctx, query, id, by, now)
	return err
}

func countPosts(ctx context.Context, q db.Q, topic ids.ID) (int, error) {
	const query = `select t.last_number - (select count(*) from posts d where d.topic_id = t.id and d.deleted_at is not null) from topics t where t.id = $1`
	var n int
	err := q.GetContext(ctx, &n, query, topic)
	return n, err
}

// upsertRead marks a topic as read up to a number and gives the mark, which
// never goes down.
func upsertRead(ctx context.Context, q db.Q, reader, topic ids.ID, number int64) (int64, error) {
	const query = `insert into topic_reads as tr (account_id, topic_id, last_read_number) values ($1, $2, $3)
		on conflict (account_id, topic_id) do update set last_read_number = greatest(tr.last_read_number, excluded.last_read_number), updated_at = now()
		returning last_read_number`
	var last int64
	err := q.GetContext(ctx, &last, query, reader, topic, number)
	return last, err
}

func insertReads(ctx context.Context, q db.Q, topic ids.ID, read map[ids.ID]int64) error {
	accounts, numbers := make([]int64, 0, len(read)), make([]int64, 0, len(read))
	for account, number := range read {
		accounts, numbers = append(accounts, int64(account)), append(numbers, number)
	}
	const query = `insert into topic_reads (account_id, topic_id, last_read_number) select u.a, $1::bigint, u.n from unnest($2::bigint[], $3::bigint[]) as u(a, n)`
	_, err := q.ExecContext(ctx, query, topic, pq.Array(accounts), pq.Array(numbers))
	return err
}

// readOwn moves the mark of an author who had read up to their new post.
func readOwn(ctx context.Context, q db.Q, p postRow) error {
	const query = `update topic_reads set last_read_number = $3, updated_at = now()
		where account_id = $1 and topic_id = $2 and last_read_number = $3::bigint - 1`
	_, err := q.ExecContext(ctx, query, p.AuthorID, p.TopicID, p.Number)
	return err
}

func countUnread(ctx context.Context, q db.Q, reader, topic ids.ID, after int64) (int, error) {
	const query = `select count(*) from (select 1 from posts
		where topic_id = $2 and number > $3 and author_id <> $1 and deleted_at is null limit 100) counted`
	var n int
	err := q.GetContext(ctx, &n, query, reader, topic, after)
	return n, err
}

// writer is what an author is checked against at commit.
type writer struct {
	Allowed bool `db:"allowed"`
	Muted   bool `db:"muted"`
}

// getWriter gives no row for somebody who is not in the space. The allowed
// roles come from the one table of rights.
func getWriter(ctx context.Context, q db.Q, space, account ids.ID, now time.Time) (writer, error) {
	const query = `select role = any($3) as allowed, coalesce(muted_until > $4, false) as muted
		from memberships where space_id = $1 and account_id = $2 and ended_at is null`
	var w writer
	err := q.GetContext(ctx, &w, query, space, account, pq.Array(access.RolesFor(access.PostTopic)), now)
	return w, err
}

// stored is what a client id stands for already. Body is what came with it.
type stored struct {
	PostID       ids.ID `db:"post_id"`
	TopicID      ids.ID `db:"topic_id"`
	SpaceID      ids.ID `db:"space_id"`
	Number       int64  `db:"number"`
	Title        string `db:"title"`
	TopicVersion int    `db:"topic_version"`
	TopicDeleted bool   `db:"topic_deleted"`
	Body         string `db:"body"`
}

func getStored(ctx context.Context, q db.Q, author ids.ID, clientID string) (stored, error) {
	const query = `select p.id as post_id, p.topic_id, t.space_id, p.number, t.title, t.version as topic_version, t.deleted_at is not null as topic_deleted,
			coalesce(v.body, p.body) as body
		from posts p join topics t on t.id = p.topic_id left join post_versions v on v.post_id = p.id and v.version = 1
		where p.author_id = $1 and p.client_id = $2`
	var s stored
	err := q.GetContext(ctx, &s, query, author, clientID)
	return s, err
}

// postRow is a post as it is stored at first.
type postRow struct {
	TopicID, AuthorID    ids.ID
	Number               int64
	ClientID, Body, HTML string
	CreatedAt            time.Time
}

func insertPost(ctx context.Context, q db.Q, p postRow) (ids.ID, error) {
	const query = `insert into posts (topic_id, number, author_id, client_id, body, html, created_at) values ($1, $2, $3, $4, $5, $6, $7) returning id`
	var id ids.ID
	err := q.GetContext(ctx, &id, query, p.TopicID, p.Number, p.AuthorID, p.ClientID, p.Body, p.HTML, p.CreatedAt)
	return id, err
}

// insertPosts stores many posts in one trip.
func insertPosts(ctx context.Context, q db.Q, rows []postRow) error {
	n := len(rows)
	topics, numbers, authors := make([]int64, n), make([]int64, n), make([]int64, n)
	clients, bodies, htmls, times := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	for i, p := range rows {
		topics[i], numbers[i], authors[i] = int64(p.TopicID), p.Number, int64(p.AuthorID)
		clients[i], bodies[i], htmls[i], times[i] = p.ClientID, p.Body, p.HTML, p.CreatedAt.Format(time.RFC3339Nano)
	}
	const query = `insert into posts (topic_id, number, author_id, client_id, body, html, created_at)
		select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::timestamptz[])`
	_, err := q.ExecContext(ctx, query, pq.Array(topics), pq.Array(numbers), pq.Array(authors), pq.Array(clients), pq.Array(bodies), pq.Array(htmls), pq.Array(times))
	return err
}

// postColumns needs posts p and people a of the author.
const postColumns = `p.id, p.topic_id, p.number, p.version, p.created_at, p.edited_at, p.deleted_at,
	case when p.deleted_at is null then p.body else '' end as body, case when p.deleted_at is null then p.html else '' end as html,
	a.id as "author.id", a.name as "author.name", a.job as "author.job", a.organisation as "author.organisation",
	a.organisation_id as "author.organisation_id", a.former as "author.former"`

const postTables = ` from posts p join people a on a.id = p.author_id `

func listPosts(ctx context.Context, q db.Q, topic ids.ID, first, last int64) ([]Post, error) {
	const query = `select ` + postColumns + postTables + `where p.topic_id = $1 and p.number between $2 and $3 order by p.number`
	list := []Post{}
	err := q.SelectContext(ctx, &list, query, topic, first, last)
	return list, err
}

func getPost(ctx context.Context, q db.Q, id ids.ID) (Post, error) {
	const query = `select ` + postColumns + postTables + `where p.id = $1`
	var p Post
	err := q.GetContext(ctx, &p, query, id)
	return p, err
}

func findPost(ctx context.Context, q db.Q, id ids.ID) (topic, space ids.ID, err error) {
	const query = `select p.topic_id, t.space_id from posts p join topics t on t.id = p.topic_id and t.deleted_at is null
		join spaces s on s.id = t.space_id and s.deleted_at is null where p.id = $1`
	var row struct {
		TopicID ids.ID `db:"topic_id"`
		SpaceID ids.ID `db:"space_id"`
	}
	err = q.GetContext(ctx, &row, query, id)
	return row.TopicID, row.SpaceID, err
}

// keepVersion puts the present words of a post among its versions.
func keepVersion(ctx context.Context, q db.Q, id ids.ID, now time.Time) error {
	const query = `insert into post_versions (post_id, version, body, html, written_at, replaced_at)
		select id, version, body, html, coalesce(edited_at, created_at), $2 from posts where id = $1`
	_, err := q.ExecContext(ctx, query, id, now)
	return err
}

func updatePost(ctx context.Context, q db.Q, p *Post) error {
	const query = `update posts set body = $2, html = $3, edited_at = $4, version = $5 where id = $1`
	_, err := q.ExecContext(ctx, query, p.ID, p.Body, p.HTML, p.EditedAt, p.Version)
	return err
}

func deletePost(ctx context.Context, q db.Q, id, by ids.ID, now time.Time) error {
	const query = `update posts set deleted_at = $3, deleted_by = $2 where id = $1`
	_, err := q.ExecContext(ctx, query, id, by, now)
	return err
}

// listVersions reads every wording of a post that is not deleted.
func listVersions(ctx context.Context, q db.Q, post ids.ID, after int32, limit int) ([]PostVersion, error) {
	const query = `select * from (select v.version, v.body, v.html, v.written_at as edited_at
			from post_versions v join posts p on p.id = v.post_id and p.deleted_at is null where v.post_id = $1
		union all
		select version, body, html, coalesce(edited_at, created_at) from posts where id = $1 and deleted_at is null) all_versions
		where version > $2 order by version limit $3`
	list := []PostVersion{}
	err := q.SelectContext(ctx, &list, query, post, after, limit)
	return list, err
}

// findable is a topic with the words it is found by: of a very long one those
// of the opening and of the newest posts.
type findable struct {
	ID        ids.ID    `db:"id"`
	SpaceID   ids.ID    `db:"space_id"`
	SpaceName string    `db:"space_name"`
	Title     string    `db:"title"`
	HTML      string    `db:"html"`
	At        time.Time `db:"at"`
	Gone      bool      `db:"gone"`
}

const findableTopics = `select t.id, t.space_id, s.name as space_name, t.title, t.last_post_at as at, t.deleted_at is not null as gone,
		coalesce((select string_agg(p.html, ' ' order by p.number) from posts p where p.topic_id = t.id and p.deleted_at is null
			and (p.number = 1 or p.number > t.last_number - 200)), '') as html
	from topics t join spaces s on s.id = t.space_id `

func listFindable(ctx context.Context, q db.Q, list []ids.ID) ([]findable, error) {
	var rows []findable
	err := q.SelectContext(ctx, &rows, findableTopics+`where t.id = any($1)`, pq.Array(ids.Ints(list)))
	return rows, err
}

// listFound reads topics again for somebody in these spaces.
func listFound(ctx context.Context, q db.Q, list []ids.ID, spaces []int64) ([]findable, error) {
	var rows []findable
	err := q.SelectContext(ctx, &rows, findableTopics+`where t.id = any($1) and t.space_id = any($2) and t.deleted_at is null and s.deleted_at is null`,
		pq.Array(ids.Ints(list)), pq.Array(spaces))
	return rows, err
}
