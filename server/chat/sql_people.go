package chat

import (
	"context"
	"time"

	"github.com/lib/pq"

	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/realtime"
)

// personPlace is the sort key of a list of people.
type personPlace struct {
	Name string
	ID   ids.ID
}

type personRow struct {
	RoomPerson
	Key string `db:"key"`
}

func listPeople(ctx context.Context, q db.Q, room ids.ID, words string, after personPlace, limit int) ([]personRow, error) {
	const query = `select page.role, page.key, p.id as "person.id", p.name as "person.name", p.job as "person.job",
			p.organisation as "person.organisation", p.organisation_id as "person.organisation_id", p.former as "person.former"
		from (select i.account_id, i.role, lower(a.name) as key from public.room_people($1) i join accounts a on a.id = i.account_id
			where a.erased_at is null and (lower(a.name), a.id) > ($3::text, $4::bigint)
				and ($2 = '' or starts_with(lower(a.name), lower($2)) or position(' ' || lower($2) in lower(a.name)) > 0)
			order by 3, 1 limit $5) page
		join people p on p.id = page.account_id order by page.key, p.id`
	list := []personRow{}
	err := q.SelectContext(ctx, &list, query, room, words, after.Name, after.ID, limit)
	return list, err
}

// countKnown counts those of the people who are in one of the spaces.
func countKnown(ctx context.Context, q db.Q, people []ids.ID, spaces []int64) (int, error) {
	const query = `select count(distinct m.account_id) from memberships m join accounts a on a.id = m.account_id
		where m.account_id = any($1) and m.space_id = any($2) and m.ended_at is null and a.erased_at is null`
	var n int
	err := q.GetContext(ctx, &n, query, pq.Array(ids.Ints(people)), pq.Array(spaces))
	return n, err
}

// insertSeats gives those who had no seat.
func insertSeats(ctx context.Context, q db.Q, room ids.ID, people []ids.ID, by ids.ID, from int64, now time.Time) ([]ids.ID, error) {
	const query = `insert into room_members (room_id, account_id, from_seq, added_by, joined_at)
		select $1, u.id, $4, nullif($3::bigint, 0), $5 from unnest($2::bigint[]) as u(id)
		on conflict (room_id, account_id) where left_at is null do nothing returning account_id`
	fresh := []ids.ID{}
	err := q.SelectContext(ctx, &fresh, query, room, pq.Array(ids.Ints(people)), by, from, now)
	return fresh, err
}

func countSeats(ctx context.Context, q db.Q, room ids.ID) (int, error) {
	var n int
	err := q.GetContext(ctx, &n, `select count(*) from room_members where room_id = $1 and left_at is null`, room)
	return n, err
}

// countOthers counts who is in a room besides one of them, and those of them who
// may run it.
func countOthers(ctx context.Context, q db.Q, room, but ids.ID) (others, hosts int, err error) {
	const query = `select count(*) as others, count(*) filter (where role = any($3)) as hosts from public.room_people($1) where account_id <> $2`
	var n struct {
		Others int `db:"others"`
		Hosts  int `db:"hosts"`
	}
	err = q.GetContext(ctx, &n, query, room, but, pq.Array(access.RolesFor(access.InviteToRoom)))
	return n.Others, n.Hosts, err
}

func listSeated(ctx context.Context, q db.Q, room ids.ID) ([]ids.ID, error) {
	list := []ids.ID{}
	err := q.SelectContext(ctx, &list, `select account_id from room_members where room_id = $1 and left_at is null order by account_id`, room)
	return list, err
}

func endSeat(ctx context.Context, q db.Q, room, account ids.ID, now time.Time) (bool, error) {
	const query = `update room_members set left_at = $3 where room_id = $1 and account_id = $2 and left_at is null`
	res, err := q.ExecContext(ctx, query, room, account, now)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// listLost gives those of the places whose people are in those rooms no more.
func listLost(ctx context.Context, q db.Q, places []realtime.Place) ([]realtime.Place, error) {
	const query = `select u.room_id, u.account_id from unnest($1::bigint[], $2::bigint[]) as u(room_id, account_id)
		where not exists (select from room_members m where m.room_id = u.room_id and m.account_id = u.account_id and m.left_at is null)`
	rooms, people := make([]int64, len(places)), make([]int64, len(places))
	for i, p := range places {
		rooms[i], people[i] = int64(p.Room), int64(p.Account)
	}
	var lost []realtime.Place
	err := q.SelectContext(ctx, &lost, query, pq.Array(rooms), pq.Array(people))
	return lost, err
}

// endSeatsIn takes somebody out of the private rooms of a space.
func endSeatsIn(ctx context.Context, q db.Q, space, account ids.ID, now time.Time) error {
	const query = `update room_members rm set left_at = $3 from rooms r
		where r.id = rm.room_id and r.space_id = $1 and rm.account_id = $2 and rm.left_at is null
			and not exists (select from memberships m where m.space_id = $1 and m.account_id = $2 and m.ended_at is null)`
	_, err := q.ExecContext(ctx, query, space, account, now)
	return err
}

func upsertLeft(ctx context.Context, q db.Q, account, room ids.ID, left bool, now time.Time) error {
	const query = `insert into room_settings as rs (account_id, room_id, left_at) values ($1, $2, case when $3 then $4::timestamptz end)
		on conflict (account_id, room_id) do update set left_at = case when $3 then coalesce(rs.left_at, $4) end`
	_, err := q.ExecContext(ctx, query, account, room, left, now)
	return err
}

func upsertSettings(ctx context.Context, q db.Q, account, room ids.ID, in RoomSettings) error {
	const query = `insert into room_settings as rs (account_id, room_id, notify, muted, hidden_seq)
		values ($1, $2, $3, $4, case when $5 then (select last_seq from room_heads where room_id = $2) end)
		on conflict (account_id, room_id) do update set notify = excluded.notify, muted = excluded.muted, hidden_seq = excluded.hidden_seq`
	_, err := q.ExecContext(ctx, query, account, room, in.Notify, in.Muted, in.Hidden)
	return err
}
