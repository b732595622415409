package spaces

import (
	"context"
	"time"

	"github.com/lib/pq"

	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/ids"
)

// listedSpace is a space with what the list is sorted by.
type listedSpace struct {
	Space
	Rank int32  `db:"rank"`
	Key  string `db:"key"`
}

func listSpaces(ctx context.Context, q db.Q, reader access.Actor, after place, limit int) ([]listedSpace, error) {
	const query = `select s.id, s.kind, s.name, s.description, s.admission, s.listed, s.version,
			to_char(s.residential_from, 'YYYY-MM-DD') as residential_from, to_char(s.residential_to, 'YYYY-MM-DD') as residential_to,
			to_char(s.review_day, 'YYYY-MM-DD') as review_day, s.read_receipts, coalesce(me.role, '') as role,
			(select count(*) from memberships m where m.space_id = s.id and m.ended_at is null) as member_count, k.rank, k.key
		from spaces s left join memberships me on me.space_id = s.id and me.account_id = $1 and me.ended_at is null
			cross join lateral (select array_position(array['network', 'cohort', 'group', 'load'], s.kind) as rank, lower(s.name) as key) k
		where s.deleted_at is null and (s.id = any($2) or s.kind <> 'load' and ($3 or s.kind = 'group' and s.listed and not $4))
			and (k.rank, k.key, s.id) > ($5::int, $6, $7::bigint)
		order by k.rank, k.key, s.id limit $8`
	list := []listedSpace{}
	err := q.SelectContext(ctx, &list, query, reader.ID, pq.Array(reader.In(access.ViewSpace)), reader.Admin(), reader.Load,
		after.Rank, after.Name, after.ID, limit)
	return list, err
}

func getSpace(ctx context.Context, q db.Q, reader, id ids.ID) (Space, error) {
	const query = `select s.id, s.kind, s.name, s.description, s.admission, s.listed, s.version,
			to_char(s.residential_from, 'YYYY-MM-DD') as residential_from, to_char(s.residential_to, 'YYYY-MM-DD') as residential_to,
			to_char(s.review_day, 'YYYY-MM-DD') as review_day, s.read_receipts, coalesce(me.role, '') as role,
			(select count(*) from memberships m where m.space_id = s.id and m.ended_at is null) as member_count
		from spaces s left join memberships me on me.space_id = s.id and me.account_id = $1 and me.ended_at is null
		where s.id = $2 and s.deleted_at is null`
	var s Space
	err := q.GetContext(ctx, &s, query, reader, id)
	return s, err
}

func insertSpace(ctx context.Context, q db.Q, in newSpace) (ids.ID, error) {
	const query = `insert into spaces (kind, name, description, admission, listed, residential_from, residential_to, review_day)
		values ($1, $2, $3, $4, $5, $6::date, $7::date, $8::date) returning id`
	var id ids.ID
	err := q.GetContext(ctx, &id, query, in.Kind, in.Name, in.Description, in.Admission, in.Listed, in.ResidentialFrom, in.ResidentialTo, in.ReviewDay)
	return id, err
}

func updateSpace(ctx context.Context, q db.Q, id ids.ID, in spaceEdit) (bool, error) {
	const query = `update spaces set name = $2, description = $3, residential_from = $4::date, residential_to = $5::date, review_day = $6::date,
			read_receipts = coalesce($8, read_receipts), version = version + 1 where id = $1 and version = $7 and deleted_at is null`
	res, err := q.ExecContext(ctx, query, id, in.Name, in.Description, in.ResidentialFrom, in.ResidentialTo, in.ReviewDay, in.Version, in.ReadReceipts)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func ensureNetwork(ctx context.Context, q db.Q, name string) error {
	const query = `insert into spaces (kind, name, description, admission) values ('network', $1, '', 'invitation')
		on conflict (kind) where kind = 'network' do nothing`
	_, err := q.ExecContext(ctx, query, name)
	return err
}

func getNetwork(ctx context.Context, q db.Q) (ids.ID, error) {
	var id ids.ID
	err := q.GetContext(ctx, &id, `select id from spaces where kind = 'network'`)
	return id, err
}

// describeNetwork gives the network a description unless it has one.
func describeNetwork(ctx context.Context, q db.Q, description string) error {
	_, err := q.ExecContext(ctx, `update spaces set description = $1 where kind = 'network' and version = 1 and description = ''`, description)
	return err
}

func insertRows(ctx context.Context, q db.Q, rows []Row) error {
	const query = `insert into spaces (kind, name, description, admission, listed, residential_from, residential_to, review_day, source_key)
		select r.kind, r.name, r.description, r.admission, r.listed, r.residential_from, r.residential_to, r.review_day, r.key
		from jsonb_to_recordset($1::text::jsonb) as r(key text, kind text, name text, description text, admission text, listed boolean,
			residential_from date, residential_to date, review_day date)
		on conflict (source_key) do nothing`
	_, err := q.ExecContext(ctx, query, db.JSON[[]Row]{V: rows})
	return err
}

func spacesBySource(ctx context.Context, q db.Q, keys []string) (map[string]ids.ID, error) {
	var rows []struct {
		ID  ids.ID `db:"id"`
		Key string `db:"source_key"`
	}
	err := q.SelectContext(ctx, &rows, `select id, source_key from spaces where source_key = any($1)`, pq.Array(keys))
	out := make(map[string]ids.ID, len(rows))
	for _, r := range rows {
		out[r.Key] = r.ID
	}
	return out, err
}

// insertMembers leaves out people who are or were in the space, and gives
// those that are new in the network.
func insertMembers(ctx context.Context, q db.Q, rows []memberRow, network ids.ID) ([]ids.ID, error) {
	const query = `with fresh as (
			insert into memberships (space_id, account_id, role, joined_at)
			select r.space_id, r.account_id, r.role, r.joined_at
			from jsonb_to_recordset($1::text::jsonb) as r(space_id bigint, account_id bigint, role text, joined_at timestamptz)
			where not exists (select from memberships m where m.space_id = r.space_id and m.account_id = r.account_id)
			returning space_id, account_id)
		select account_id from fresh where space_id = $2`
	var met []ids.ID
	err := q.SelectContext(ctx, &met, query, db.JSON[[]memberRow]{V: rows}, network)
	return met, err
}

func getLoadHall(ctx context.Context, q db.Q) (ids.ID, error) {
	var id ids.ID
	err := q.GetContext(ctx, &id, `select id from spaces where kind = 'load' and source_key = 'demo:load'`)
	return id, err
}

// insertMembership says whether the person was not in the space before.
func insertMembership(ctx context.Context, q db.Q, space, account ids.ID, role access.Role, steppedIn bool) (bool, error) {
	const query = `insert into memberships (space_id, account_id, role, stepped_in) values ($1, $2, $3, $4)
		on conflict (account_id, space_id) where ended_at is null do nothing`
	res, err := q.ExecContext(ctx, query, space, account, role, steppedIn)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func lockSpace(ctx context.Context, q db.Q, id ids.ID) error {
	_, err := q.ExecContext(ctx, `select 1 from spaces where id = $1 for no key update`, id)
	return err
}

func getHeld(ctx context.Context, q db.Q, space, account ids.ID) (held, error) {
	const query = `select account_id, role, stepped_in, version from memberships where space_id = $1 and account_id = $2 and ended_at is null`
	var h held
	err := q.GetContext(ctx, &h, query, space, account)
	return h, err
}

func countKeepers(ctx context.Context, q db.Q, space, but ids.ID) (int, error) {
	const query = `select count(*) from memberships where space_id = $1 and account_id <> $2 and ended_at is null and not stepped_in and role = any($3)`
	names := make([]string, len(keepers))
	for i, role := range keepers {
		names[i] = string(role)
	}
	var n int
	err := q.GetContext(ctx, &n, query, space, but, pq.Array(names))
	return n, err
}

func setRole(ctx context.Context, q db.Q, space, account ids.ID, role access.Role) error {
	const query = `update memberships set role = $3, version = version + 1 where space_id = $1 and account_id = $2 and ended_at is null`
	_, err := q.ExecContext(ctx, query, space, account, role)
	return err
}

func endMembership(ctx context.Context, q db.Q, space, account, by ids.ID, now time.Time) error {
	const query = `update memberships set ended_at = $4, ended_by = $3 where space_id = $1 and account_id = $2 and ended_at is null`
	_, err := q.ExecContext(ctx, query, space, account, by, now)
	return err
}

func getMember(ctx context.Context, q db.Q, space, account ids.ID) (Member, error) {
	const query = `select m.role, date_trunc('milliseconds', m.joined_at) as joined_at, m.stepped_in, m.version, p.id as "person.id", p.name as "person.name", p.job as "person.job",
			p.organisation as "person.organisation", p.organisation_id as "person.organisation_id", p.former as "person.former"
		from memberships m join people p on p.id = m.account_id
		where m.space_id = $1 and m.account_id = $2 and m.ended_at is null`
	var m Member
	err := q.GetContext(ctx, &m, query, space, account)
	return m, err
}

// listMembers finds the members of the page first and looks up posts for those
// alone. The name is that of the view people.
func listMembers(ctx context.Context, q db.Q, space ids.ID, after place, limit int) ([]listedMember, error) {
	const query = `select page.role, page.joined_at, page.stepped_in, page.version, page.rank, page.name as key, p.id as "person.id", p.name as "person.name", p.job as "person.job",
			p.organisation as "person.organisation", p.organisation_id as "person.organisation_id", p.former as "person.former"
		from (select * from (select m.account_id, m.role, date_trunc('milliseconds', m.joined_at) as joined_at, m.stepped_in, m.version, (m.role = 'member')::int as rank,
					lower(case when a.erased_at is null then a.name else 'Former member' end) as name
				from memberships m join accounts a on a.id = m.account_id where m.space_id = $1 and m.ended_at is null) m
			where (rank, name, account_id) > ($2::int, $3::text, $4::bigint) order by rank, name, account_id limit $5) page
		join people p on p.id = page.account_id order by page.rank, page.name, p.id`
	list := []listedMember{}
	err := q.SelectContext(ctx, &list, query, space, after.Rank, after.Name, after.ID, limit)
	return list, err
}
