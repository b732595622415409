package library

import (
	"context"

	"github.com/lib/pq"

	"guildhall/server/db"
	"guildhall/server/ids"
)

func getStory(ctx context.Context, q db.Q, id ids.ID) (Story, error) {
	const query = `select s.id, s.version, s.space_id, s.source_id, s.title, s.summary, s.problem, s.problem_html, s.what_was_done,
			s.what_was_done_html, s.outcome, s.outcome_html, s.lead_id, coalesce(nullif(s.lead_name, ''), o.short_name) as lead_name, s.stage,
			s.year, s.year_certain, s.evidence, s.evidence_note, s.cost_gbp, s.saving_gbp, s.money_note, s.licence, s.last_checked_on::text,
			s.language
		from stories s left join organisations o on o.id = s.lead_id
		where s.id = $1 and s.deleted_at is null and s.published_at is not null`
	var s Story
	err := q.GetContext(ctx, &s, query, id)
	return s, err
}

func listPartners(ctx context.Context, q db.Q, story ids.ID) ([]Partner, error) {
	const query = `select p.organisation_id, coalesce(nullif(p.name, ''), o.short_name) as name from story_partners p
		left join organisations o on o.id = p.organisation_id where p.story_id = $1 order by p.position`
	list := []Partner{}
	err := q.SelectContext(ctx, &list, query, story)
	return list, err
}

func listAreas(ctx context.Context, q db.Q, story ids.ID) ([]Area, error) {
	const query = `select a.slug, a.label, p.slug as parent from story_areas s join service_areas a on a.id = s.service_area_id
		left join service_areas p on p.id = a.parent_id where s.story_id = $1 order by s.position`
	list := []Area{}
	err := q.SelectContext(ctx, &list, query, story)
	return list, err
}

func listAreasOf(ctx context.Context, q db.Q, stories []ids.ID) (map[ids.ID][]Area, error) {
	const query = `select s.story_id, a.slug, a.label, p.slug as parent from story_areas s join service_areas a on a.id = s.service_area_id
		left join service_areas p on p.id = a.parent_id where s.story_id = any($1) order by s.story_id, s.position`
	var rows []struct {
		StoryID ids.ID `db:"story_id"`
		Area
	}
	if err := q.SelectContext(ctx, &rows, query, pq.Array(ids.Ints(stories))); err != nil {
		return nil, err
	}
	out := map[ids.ID][]Area{}
	for _, r := range rows {
		out[r.StoryID] = append(out[r.StoryID], r.Area)
	}
	return out, nil
}

func listSources(ctx context.Context, q db.Q, story ids.ID) ([]Source, error) {
	list := []Source{}
	err := q.SelectContext(ctx, &list, `select url, name from story_sources where story_id = $1 order by position`, story)
	return list, err
}

// countStories counts those of an organisation, as lead or partner, that
// somebody in these spaces may read.
func countStories(ctx context.Context, q db.Q, organisation ids.ID, spaces []int64) (int, error) {
	const query = `select count(*) from stories s where s.deleted_at is null and s.published_at is not null
		and (s.space_id is null or s.space_id = any($2))
		and (s.lead_id = $1 or exists (select from story_partners p where p.story_id = s.id and p.organisation_id = $1))`
	var n int
	err := q.GetContext(ctx, &n, query, organisation, pq.Array(spaces))
	return n, err
}

type hitRow struct {
	ID       ids.ID  `db:"id"`
	SourceID *string `db:"source_id"`
	Title    string  `db:"title"`
	Text     string  `db:"text"`
	LeadID   *ids.ID `db:"lead_id"`
	LeadName string  `db:"lead_name"`
	Stage    string  `db:"stage"`
	Year     *int    `db:"year"`
	Region   string  `db:"region"`
	Nation   string  `db:"nation"`
	Type     string  `db:"type"`
	Evidence string  `db:"evidence"`
}

func (r hitRow) hit() Hit {
	return Hit{
		ID: r.ID, SourceID: r.SourceID, Title: r.Title, LeadName: r.LeadName, LeadID: r.LeadID, Stage: r.Stage, Year: r.Year,
		Region: r.Region, Nation: r.Nation, Type: r.Type, Evidence: r.Evidence,
	}
}

// listHits reads stories for a page of results, in no order.
func listHits(ctx context.Context, q db.Q, list []ids.ID, spaces []int64) ([]hitRow, error) {
	const query = `select s.id, s.source_id, s.title, concat_ws(' ', nullif(s.summary, ''), s.problem, s.what_was_done, s.outcome) as text,
			s.lead_id, coalesce(nullif(s.lead_name, ''), o.short_name) as lead_name, s.stage, s.year, coalesce(o.region, '') as region,
			coalesce(o.nation, '') as nation, coalesce(o.type, '') as type, s.evidence
		from stories s left join organisations o on o.id = s.lead_id
		where s.id = any($1) and s.deleted_at is null and s.published_at is not null and (s.space_id is null or s.space_id = any($2))`
	var rows []hitRow
	err := q.SelectContext(ctx, &rows, query, pq.Array(ids.Ints(list)), pq.Array(spaces))
	return rows, err
}

// listDocuments reads stories with all the words they are found by.
func listDocuments(ctx context.Context, q db.Q, list []ids.ID) ([]document, error) {
	const query = `select s.id, coalesce(s.space_id, 0) as space_id, s.deleted_at is not null or s.published_at is null as gone,
			coalesce(make_timestamptz(s.year, 1, 1, 0, 0, 0, 'UTC'), s.published_at, s.created_at) as at, s.title, s.summary,
			concat_ws(E'\n\n', s.problem, s.what_was_done, s.outcome) as text, s.stage, coalesce(s.year::text, '') as year, s.evidence,
			s.lead_name, coalesce(o.name, '') as lead_full, coalesce(o.type, '') as type, coalesce(o.type_label, '') as type_label,
			coalesce(o.nation, '') as nation, coalesce(o.region, '') as region, coalesce(p.names, '') as partner_names,
			concat_ws(',', s.lead_id, p.ids) as organisations, coalesce(a.slugs, '') as area_slugs, coalesce(a.labels, '') as area_labels
		from stories s left join organisations o on o.id = s.lead_id
		left join lateral (select string_agg(coalesce(nullif(p.name, ''), po.short_name), '. ' order by p.position) as names,
			string_agg(distinct p.organisation_id::text, ',') as ids
			from story_partners p left join organisations po on po.id = p.organisation_id where p.story_id = s.id) p on true
		left join lateral (select string_agg(distinct v.slug, ',') as slugs, string_agg(distinct v.label, '. ') as labels
			from story_areas sa join service_areas c on c.id = sa.service_area_id
			join service_areas v on v.id in (c.id, c.parent_id) where sa.story_id = s.id) a on true
		where s.id = any($1) order by s.id`
	var rows []document
	err := q.SelectContext(ctx, &rows, query, pq.Array(ids.Ints(list)))
	return rows, err
}

func storiesOfOrganisation(ctx context.Context, q db.Q, organisation ids.ID) ([]ids.ID, error) {
	const query = `select id from stories s where lead_id = $1
		or exists (select from story_partners p where p.story_id = s.id and p.organisation_id = $1) order by id`
	var list []ids.ID
	err := q.SelectContext(ctx, &list, query, organisation)
	return list, err
}

func storiesOfArea(ctx context.Context, q db.Q, slug string) ([]ids.ID, error) {
	const query = `select distinct s.story_id from story_areas s join service_areas a on a.id = s.service_area_id
		left join service_areas p on p.id = a.parent_id where $1 in (a.slug, p.slug) order by s.story_id`
	var list []ids.ID
	err := q.SelectContext(ctx, &list, query, slug)
	return list, err
}

type loadedRow struct {
	ID       ids.ID `db:"id"`
	SourceID string `db:"source_id"`
}

// upsertStories gives the rows that were added or changed. A story that was
// deleted stays deleted.
func upsertStories(ctx context.Context, q db.Q, rows []storedRow) ([]loadedRow, error) {
	const query = `insert into stories (space_id, source_id, source_hash, title, summary, problem, problem_html, what_was_done, what_was_done_html,
			outcome, outcome_html, lead_id, lead_name, year, year_certain, stage, evidence, evidence_note, licence, last_checked_on, published_at)
		select nullif(r.space_id, 0), r.source_id, r.source_hash, r.title, r.summary, r.problem, r.problem_html, r.what_was_done,
			r.what_was_done_html, r.outcome, r.outcome_html, o.id, r.lead_name, r.year, r.year_certain, r.stage, r.evidence, r.evidence_note,
			r.licence, r.last_checked_on, now()
		from jsonb_to_recordset($1::text::jsonb) as r(space_id bigint, source_id text, source_hash text, title text, summary text, problem text,
			problem_html text, what_was_done text, what_was_done_html text, outcome text, outcome_html text, lead_code text, lead_name text,
			year smallint, year_certain boolean, stage text, evidence text, evidence_note text, licence text, last_checked_on date)
		left join organisations o on o.code = r.lead_code
		on conflict (source_id) do update set space_id = excluded.space_id, source_hash = excluded.source_hash, title = excluded.title,
			summary = excluded.summary, problem = excluded.problem, problem_html = excluded.problem_html,
			what_was_done = excluded.what_was_done, what_was_done_html = excluded.what_was_done_html, outcome = excluded.outcome,
			outcome_html = excluded.outcome_html, lead_id = excluded.lead_id, lead_name = excluded.lead_name, year = excluded.year,
			year_certain = excluded.year_certain, stage = excluded.stage, evidence = excluded.evidence, evidence_note = excluded.evidence_note,
			licence = excluded.licence, last_checked_on = excluded.last_checked_on, version = stories.version + 1, updated_at = now()
		where stories.source_hash not in ('', excluded.source_hash)
		returning id, source_id`
	var loaded []loadedRow
	err := q.SelectContext(ctx, &loaded, query, db.JSON[[]storedRow]{V: rows})
	return loaded, err
}

// replaceParts writes the partners, areas and sources of loaded rows anew.
func replaceParts(ctx context.Context, q db.Q, loaded []loadedRow, rows []storedRow) error {
	type part struct {
		StoryID  ids.ID `json:"story_id"`
		Position int    `json:"position"`
		Code     string `json:"code"`
		Name     string `json:"name"`
		URL      string `json:"url"`
	}
	byKey := map[string]storedRow{}
	for _, r := range rows {
		byKey[r.SourceID] = r
	}
	list := make([]int64, 0, len(loaded))
	partners, areas, sources := []part{}, []part{}, []part{}
	for _, l := range loaded {
		list = append(list, int64(l.ID))
		r := byKey[l.SourceID]
		for i, p := range r.Partners {
			partners = append(partners, part{StoryID: l.ID, Position: i, Code: p.Code, Name: p.Name})
		}
		for i, slug := range r.Areas {
			areas = append(areas, part{StoryID: l.ID, Position: i, Code: slug})
		}
		for i, s := range r.Sources {
			sources = append(sources, part{StoryID: l.ID, Position: i, URL: s.URL, Name: s.Name})
		}
	}
	for _, clear := range []string{
		`delete from story_partners where story_id = any($1)`,
		`delete from story_areas where story_id = any($1)`,
		`delete from story_sources where story_id = any($1)`,
	} {
		if _, err := q.ExecContext(ctx, clear, pq.Array(list)); err != nil {
			return err
		}
	}
	const partner = `insert into story_partners (story_id, position, organisation_id, name)
		select r.story_id, r.position, o.id, r.name from jsonb_to_recordset($1::text::jsonb) as r(story_id bigint, position int, code text, name text)
		left join organisations o on o.code = r.code and r.code <> ''`
	if _, err := q.ExecContext(ctx, partner, db.JSON[[]part]{V: partners}); err != nil {
		return err
	}
	// A slug that is not known fails: a story must not lose an area in silence.
	const area = `insert into story_areas (story_id, position, service_area_id)
		select r.story_id, r.position, (select id from service_areas where slug = r.code)
		from jsonb_to_recordset($1::text::jsonb) as r(story_id bigint, position int, code text)`
	if _, err := q.ExecContext(ctx, area, db.JSON[[]part]{V: areas}); err != nil {
		return err
	}
	const source = `insert into story_sources (story_id, position, url, name)
		select r.story_id, r.position, r.url, r.name from jsonb_to_recordset($1::text::jsonb) as r(story_id bigint, position int, url text, name text)`
	_, err := q.ExecContext(ctx, source, db.JSON[[]part]{V: sources})
	return err
}
