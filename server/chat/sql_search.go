package chat

import (
	"context"
	"strings"

	"github.com/lib/pq"

	"guildhall/server/access"
	"guildhall/server/accounts"
	"guildhall/server/db"
	"guildhall/server/ids"
)

// findMessages gives the newest that match, of rooms that the reader may see
// and of what they see in them. Each room gives its own newest, so
// that what is common is read from the end and never counted; the words stand
// in the query itself, so that PostgreSQL knows how common they are.
func findMessages(ctx context.Context, q db.Q, who access.Actor, w Wanted, before conversationPlace, limit int) ([]Found, error) {
	const query = `with mine as (
			select r.id, me.from_seq from rooms r cross join lateral public.room_role(r.id, $1) me left join spaces s on s.id = r.space_id
			where ($15 = 0 or r.id = $15) and (r.space_id = any($2) or r.id in (select room_id from room_members where account_id = $1 and left_at is null))
				and (cardinality($3::text[]) = 0 or exists (select from unnest($3::text[]) as i(word)
					where position(lower(i.word) in lower(r.name)) > 0 or position(lower(i.word) in lower(s.name)) > 0
						or r.space_id is null and exists (select from room_members o join accounts a on a.id = o.account_id
							where o.room_id = r.id and o.left_at is null and o.account_id <> $1 and a.erased_at is null and position(lower(i.word) in lower(a.name)) > 0)))),
		authors as (select a.id from accounts a join unnest($4::text[]) as f(word) on case when lower(f.word) = 'me' then a.id = $1
			else a.erased_at is null and position(lower(f.word) in lower(a.name)) > 0 end)
		select m.id, m.room_id from mine me cross join lateral (
			select m.id, m.room_id, m.created_at from messages m
			where m.room_id = me.id and ` + visible + ` and m.deleted_at is null and m.notice is null
				and ($5 = '' or m.body <> '' and public.message_words(m.body) @@ (websearch_to_tsquery('public.gh', $5)
					|| case when $6 = '' then ''::tsquery else websearch_to_tsquery('public.gh', $7) && to_tsquery('public.gh', $6) end))
				and (cardinality($4::text[]) = 0 or m.author_id = any(array(select id from authors)))
				and (not $8 or m.id in (select a.message_id from attachments a where a.removed_at is null))
				and (not $9 or m.html ~ '<a href="[^"]*"(?![^>]* class="mention")')
				and ($10::timestamptz is null or m.created_at >= $10) and ($11::timestamptz is null or m.created_at < $11)
				and m.created_at <= $12 and (m.created_at, m.id) < ($12, $13)
			order by m.created_at desc, m.id desc limit $14) m
		order by m.created_at desc, m.id desc limit $14`
	var rows []struct {
		ID     ids.ID `db:"id"`
		RoomID ids.ID `db:"room_id"`
	}
	words, head, prefix := w.terms()
	err := q.SelectContext(ctx, &rows, query, who.ID, pq.Array(who.In(access.ViewSpace)), pq.Array(none(w.In)), pq.Array(none(w.From)), words, prefix, head,
		w.has("file"), w.has("link"), optional(w.After), optional(w.Before), before.At, before.ID, limit, w.Room)
	if err != nil || len(rows) == 0 {
		return []Found{}, err
	}
	found, rooms := make([]ids.ID, len(rows)), map[ids.ID]Place{}
	for i, r := range rows {
		found[i], rooms[r.RoomID] = r.ID, Place{}
	}
	if err := listPlaces(ctx, q, who.ID, rooms); err != nil {
		return nil, err
	}
	const load = `select ` + messageColumns + messageTables + `where m.id = any($1) order by m.created_at desc, m.id desc`
	list, err := selectMessages(ctx, q, load, pq.Array(ids.Ints(found)))
	if err != nil {
		return nil, err
	}
	out := make([]Found, len(list))
	for i, m := range list {
		out[i] = Found{Message: m, Room: rooms[m.RoomID]}
	}
	return out, nil
}

// listPlaces fills in where the messages were said.
func listPlaces(ctx context.Context, q db.Q, reader ids.ID, rooms map[ids.ID]Place) error {
	wanted := make([]int64, 0, len(rooms))
	for id := range rooms {
		wanted = append(wanted, int64(id))
	}
	const query = `select ` + roomColumns + roomTables + `where r.id = any($2)`
	var rows []roomRow
	if err := q.SelectContext(ctx, &rows, query, reader, pq.Array(wanted)); err != nil {
		return err
	}
	for _, row := range rows {
		r := row.room()
		rooms[r.ID] = Place{ID: r.ID, Kind: r.Kind, Name: r.Name, SpaceID: r.SpaceID, SpaceName: r.SpaceName, People: append([]accounts.Person{}, r.People...)}
	}
	return nil
}

// terms gives the words as PostgreSQL reads them: all, all but the last, and
// the last as the beginning of a word, if it may be one.
func (w Wanted) terms() (words, head, prefix string) {
	plain := strings.NewReplacer("/", " ", ".", " ", ":", " ", "_", " ", "@", " ", "#", " ", "&", " ", "=", " ", "?", " ", "+", " ",
		"(", " ", ")", " ", "[", " ", "]", " ", "*", " ", "`", " ")
	words = plain.Replace(w.Words)
	if w.prefix == "" {
		return words, "", ""
	}
	parts := strings.Fields(w.prefix)
	cut := max(0, len(w.Words)-len(w.last))
	return words, plain.Replace(w.Words[:cut]), strings.Join(parts, " & ") + ":*"
}

func (w Wanted) has(what string) bool {
	for _, h := range w.Has {
		if h == what {
			return true
		}
	}
	return false
}

// none is an empty array where there is nothing, since NULL is not one.
func none(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
