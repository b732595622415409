package search

import (
	"context"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"guildhall/server/db"
)

// analyse gives the vector of each text, in order, in its text form.
func analyse(ctx context.Context, q db.Q, texts []string) ([]string, error) {
	const query = `select to_tsvector('public.gh', u.t)::text from unnest($1::text[]) with ordinality as u(t, n) order by u.n`
	var vectors []string
	err := q.SelectContext(ctx, &vectors, query, pq.Array(texts))
	return vectors, err
}

// The permission stands in each of these statements and nowhere else: what
// belongs to no space is for everybody, the rest for the given spaces.

// countDocuments counts what the spaces may see, but stops at most.
func countDocuments(ctx context.Context, q db.Q, kind string, spaces []int64, most int) (int, error) {
	const query = `select count(*) from (select from search_documents
		where kind = $1 and (space_id is null or space_id = any($2)) limit $3) d`
	var n int
	err := q.GetContext(ctx, &n, query, kind, pq.Array(spaces), most)
	return n, err
}

// postings is the ids that each tsquery finds in body; none where it finds
// nothing.
func postings(ctx context.Context, q db.Q, kind string, spaces []int64, queries []string) ([][]int64, error) {
	const query = `select p.n - 1 as n, array_agg(d.id)::text as ids from unnest($3::text[]) with ordinality as p(q, n)
		join search_documents d on d.body @@ p.q::tsquery
		where d.kind = $1 and (d.space_id is null or d.space_id = any($2)) group by p.n`
	return readPostings(ctx, q, query, kind, spaces, queries)
}

// headPostings is postings in title, terms and summary only.
func headPostings(ctx context.Context, q db.Q, kind string, spaces []int64, queries []string) ([][]int64, error) {
	const query = `select p.n - 1 as n, array_agg(d.id)::text as ids from unnest($3::text[]) with ordinality as p(q, n)
		join search_documents d on d.head @@ p.q::tsquery
		where d.kind = $1 and (d.space_id is null or d.space_id = any($2)) group by p.n`
	return readPostings(ctx, q, query, kind, spaces, queries)
}

func readPostings(ctx context.Context, q db.Q, query, kind string, spaces []int64, queries []string) ([][]int64, error) {
	out := make([][]int64, len(queries))
	if len(queries) == 0 {
		return out, nil
	}
	rows, err := q.QueryxContext(ctx, query, kind, pq.Array(spaces), pq.Array(queries))
	if err != nil {
		return nil, err
	}
	defer rows.Close() // Err tells
	for rows.Next() {
		var n int
		var list []byte
		if err := rows.Scan(&n, &list); err != nil {
			return nil, err
		}
		out[n] = numbers(list)
	}
	return out, rows.Err()
}

// record is what is known of a match before it is ranked.
type record struct {
	id     int64
	at     int64 // seconds
	facets []int64
}

// records reads the matches. One row that holds all of them is several times
// faster than as many rows.
func records(ctx context.Context, q db.Q, kind string, spaces, list []int64) ([]record, error) {
	const query = `select array_agg(id)::text as ids, array_agg(extract(epoch from at)::bigint)::text as at, string_agg(facet_ids::text, '') as facets
		from search_documents where kind = $1 and (space_id is null or space_id = any($2)) and id = any($3::bigint[])`
	return readRecords(ctx, q, query, kind, pq.Array(spaces), pq.Array(list))
}

// allRecords reads everything that the spaces may see.
func allRecords(ctx context.Context, q db.Q, kind string, spaces []int64) ([]record, error) {
	const query = `select array_agg(id)::text as ids, array_agg(extract(epoch from at)::bigint)::text as at, string_agg(facet_ids::text, '') as facets
		from search_documents where kind = $1 and (space_id is null or space_id = any($2))`
	return readRecords(ctx, q, query, kind, pq.Array(spaces))
}

func readRecords(ctx context.Context, q db.Q, query string, args ...any) ([]record, error) {
	rows, err := q.QueryxContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() // Err tells
	var out []record
	for rows.Next() {
		var list, at, facets []byte
		if err := rows.Scan(&list, &at, &facets); err != nil {
			return nil, err
		}
		ids, times := numbers(list), numbers(at)
		out = make([]record, len(ids))
		for i := range out {
			out[i].id, out[i].at = ids[i], times[i]
			out[i].facets, facets = group(facets)
		}
	}
	return out, rows.Err()
}

// eachVector calls f with the body vector of each document.
func eachVector(ctx context.Context, q db.Q, kind string, list []int64, f func(id int64, vector []byte)) error {
	const query = `select id, body::text from search_documents where kind = $1 and id = any($2::bigint[])`
	rows, err := q.QueryxContext(ctx, query, kind, pq.Array(list))
	if err != nil {
		return err
	}
	defer rows.Close() // Err tells
	for rows.Next() {
		var id int64
		var vector []byte
		if err := rows.Scan(&id, &vector); err != nil {
			return err
		}
		f(id, vector)
	}
	return rows.Err()
}

// likeWords gives up to 40 words that look like each of these, of those that
// stand in what everybody may read or in these spaces.
func likeWords(ctx context.Context, q db.Q, spaces []int64, words []string) (map[string][]string, error) {
	const query = `select u.w as typed, l.word from unnest($1::text[]) as u(w)
		cross join lateral (select word from search_words where space_id = 0 or space_id = any($2) order by word <-> u.w limit 40) l`
	var rows []struct{ Typed, Word string }
	if err := q.SelectContext(ctx, &rows, query, pq.Array(words), pq.Array(spaces)); err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for _, r := range rows {
		out[r.Typed] = append(out[r.Typed], r.Word)
	}
	return out, nil
}

// knownWords gives those of the words that stand so in what everybody may read
// or in these spaces.
func knownWords(ctx context.Context, q db.Q, spaces []int64, words []string) ([]string, error) {
	var known []string
	err := q.SelectContext(ctx, &known, `select word from search_words where word = any($1) and (space_id = 0 or space_id = any($2))`, pq.Array(words), pq.Array(spaces))
	return known, err
}

func insertWords(ctx context.Context, q db.Q, space int64, words []string) error {
	const query = `insert into search_words (space_id, word) select $2, w from unnest($1::text[]) as u(w)
		where not exists (select from search_words where word = u.w and space_id = $2)`
	_, err := q.ExecContext(ctx, query, pq.Array(words), space)
	return err
}

// deleteLostWords looks at a run of words that begins anywhere. It keeps those
// that the database's dictionary leaves out, for it cannot look for them.
func deleteLostWords(ctx context.Context, q db.Q, most int) error {
	const query = `delete from search_words where ctid in (
			select place from (select ctid as place, space_id, word from search_words order by word
				offset floor(random() * greatest((select count(*) from search_words) - $1::bigint, 0))::bigint limit $1) as chosen
			where numnode(plainto_tsquery('public.gh', word)) > 0
				and not exists (select from search_documents d where d.body @@ plainto_tsquery('public.gh', word)
					and coalesce(d.space_id, 0) = chosen.space_id))`
	_, err := q.ExecContext(ctx, query, most)
	return err
}

type facetRow struct {
	ID          int64 `db:"id"`
	Name, Value string
}

func listFacets(ctx context.Context, q db.Q) ([]facetRow, error) {
	var rows []facetRow
	err := q.SelectContext(ctx, &rows, `select id, name, value from search_facets`)
	return rows, err
}

func insertFacets(ctx context.Context, q db.Q, values map[facetKey]bool) error {
	const query = `insert into search_facets (name, value) select n, v from unnest($1::text[], $2::text[]) as u(n, v)
		where not exists (select from search_facets where name = u.n and value = u.v)`
	names, list := make([]string, 0, len(values)), make([]string, 0, len(values))
	for k := range values {
		names, list = append(names, k.name), append(list, k.value)
	}
	_, err := q.ExecContext(ctx, query, pq.Array(names), pq.Array(list))
	return err
}

func upsertDocuments(ctx context.Context, q db.Q, rows []putRow) error {
	const query = `insert into search_documents (kind, id, space_id, rev, at, facet_ids, head, body, facets, title, terms, summary, text)
		select r.kind, r.id, nullif(r.space_id, 0), nextval('search_revs'), r.at, f.ids, h.head,
			h.head || setweight(to_tsvector('public.gh', r.as_text), 'D'), r.facets, r.title, r.terms, r.summary, r.text
		from jsonb_to_recordset($1::text::jsonb) as r(kind text, id bigint, space_id bigint, at timestamptz, facets jsonb, title text, terms text,
			summary text, text text, as_title text, as_terms text, as_summary text, as_text text)
		cross join lateral (select setweight(to_tsvector('public.gh', r.as_title), 'A') || setweight(to_tsvector('public.gh', r.as_terms), 'B')
			|| setweight(to_tsvector('public.gh', r.as_summary), 'C') as head) h
		cross join lateral (select coalesce(array_agg(v.id), '{}') as ids from (select min(s.id) as id from jsonb_each(r.facets) as e(name, list)
			cross join lateral jsonb_array_elements_text(case when jsonb_typeof(e.list) = 'array' then e.list else '[]' end) as l(value)
			join search_facets s on s.name = e.name and s.value = l.value group by s.name, s.value) v) f
		on conflict (kind, id) do update set space_id = excluded.space_id, rev = excluded.rev, at = excluded.at,
			facet_ids = excluded.facet_ids, head = excluded.head, body = excluded.body, facets = excluded.facets,
			title = excluded.title, terms = excluded.terms, summary = excluded.summary, text = excluded.text`
	_, err := q.ExecContext(ctx, query, db.JSON[[]putRow]{V: rows})
	return err
}

func deleteDocument(ctx context.Context, q db.Q, kind string, id int64) error {
	_, err := q.ExecContext(ctx, `delete from search_documents where kind = $1 and id = $2`, kind, id)
	return err
}

func markDirty(ctx context.Context, q db.Q, rows []putRow) error {
	const query = `insert into search_dirty (kind, id) select kind, id from unnest($1::text[], $2::bigint[]) as u(kind, id) order by kind, id
		on conflict (kind, id) do update set seq = nextval('search_dirty_seqs')`
	kinds, list := make([]string, len(rows)), make([]int64, len(rows))
	for i, r := range rows {
		kinds[i], list[i] = r.Kind, r.ID
	}
	_, err := q.ExecContext(ctx, query, pq.Array(kinds), pq.Array(list))
	return err
}

// headlines marks the words of a tsquery in texts: whole titles, and for the
// other texts up to two pieces.
func headlines(ctx context.Context, q db.Q, titles, texts []string, marks string) ([]headline, error) {
	whole := `StartSel="` + string(markOpen) + `",StopSel="` + string(markClose) + `",HighlightAll=true`
	pieces := strings.Replace(whole, "HighlightAll=true", `MaxFragments=2,MaxWords=26,MinWords=10,FragmentDelimiter="`+string(pieceEnd)+`"`, 1)
	const query = `select ts_headline('public.gh', u.title, $3::tsquery, $4) as title,
			ts_headline('public.gh', u.text, $3::tsquery, $5) as text
		from unnest($1::text[], $2::text[]) with ordinality as u(title, text, n) order by u.n`
	var out []headline
	err := q.SelectContext(ctx, &out, query, pq.Array(titles), pq.Array(texts), marks, whole, pieces)
	return out, err
}

type headline struct{ Title, Text string }

var _ db.Q = (*sqlx.Tx)(nil)
