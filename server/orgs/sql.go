package orgs

import (
	"context"
	"strings"

	"github.com/lib/pq"

	"guildhall/search"
	"guildhall/server/db"
	"guildhall/server/ids"
)

const organisationColumns = `o.id, o.code, o.name, o.short_name, o.type, o.type_label, o.tier, o.nation, o.region, o.population,
	o.rural_urban, o.current, o.starts_on::text, o.ends_on::text, o.made_up, o.homepage, o.version`

type listKey struct {
	Rank int32 // as the SQL has it: a cursor with more was not made here
	Name string
	ID   ids.ID
}

type listedRow struct {
	Organisation
	Rank int32 `db:"rank"`
}

// listOrganisations gives one row more than the limit. The best of an
// organisation's names decides its rank: 0 the same, 1 begins so, 2 has a
// word that begins so, 3 holds it, 4 looks like it: trigrams forgive a letter,
// and in short names edits forgive two that changed places.
func listOrganisations(ctx context.Context, q db.Q, want Search, after listKey) ([]listedRow, error) {
	const query = `select * from (
		select ` + organisationColumns + `, case when $1 = '' then 0 else (
			select min(case when a.key = $1 then 0 when a.key like $1 || '%' then 1 when a.key like '% ' || $1 || '%' then 2
				when a.key like '%' || $1 || '%' then 3
				when length($1) > 60 then null when strict_word_similarity($1, a.key) > 0.5 then 4
				when length($1) > 5 and levenshtein_less_equal(a.key, $1, 2) <= 2 then 4 end)
			from organisation_aliases a where a.organisation_id = o.id) end as rank
		from organisations o
		where ($2 = '' or o.type = $2) and ($3 = '' or o.nation = $3) and ($4 = '' or o.region = $4) and ($5 or o.current or $1 <> '') and (not $11 or o.current) and (not $10 or o.made_up)
	) l where rank is not null and ($9 = 0 or (rank, short_name, id) > ($7, $8, $9))
	order by rank, short_name, id limit $6`
	var rows []listedRow
	err := q.SelectContext(ctx, &rows, query, likeable(search.Key(want.Text)), want.Type, want.Nation, want.Region, want.Former, want.Limit+1,
		after.Rank, after.Name, after.ID, want.MadeUp, want.Today)
	return rows, err
}

// likeable takes out what LIKE would read as a sign; keys have neither.
func likeable(key string) string { return strings.NewReplacer("%", "", "_", "", `\`, "").Replace(key) }

func getOrganisation(ctx context.Context, q db.Q, id ids.ID) (Organisation, error) {
	const query = `select ` + organisationColumns + ` from organisations o where o.id = $1`
	var o Organisation
	err := q.GetContext(ctx, &o, query, id)
	return o, err
}

func getProfile(ctx context.Context, q db.Q, id ids.ID) (Figures, error) {
	const query = `select area_km2, density_per_km2, urban_share, rural_share, highly_rural_share, imd_quintile, deprivation_score,
		latitude, longitude, lgr_area, lgr_planned_on::text, lgr_planned_successors, data_note from organisations where id = $1`
	var p Figures
	err := q.GetContext(ctx, &p, query, id)
	return p, err
}

func listAliases(ctx context.Context, q db.Q, id ids.ID) ([]string, error) {
	const query = `select name from organisation_aliases where organisation_id = $1 and kind <> 'misspelling' order by id`
	list := []string{}
	err := q.SelectContext(ctx, &list, query, id)
	return list, err
}

// listSuccessors gives what followed each of the organisations.
func listSuccessors(ctx context.Context, q db.Q, of ...ids.ID) (map[ids.ID][]Link, error) {
	const query = `select s.organisation_id as former, o.id, o.code, o.name, o.short_name, o.starts_on::text from organisation_successors s
		join organisations o on o.id = s.successor_id where s.organisation_id = any($1) order by o.short_name, o.id`
	if len(of) == 0 {
		return nil, nil
	}
	var rows []struct {
		Former ids.ID `db:"former"`
		Link
	}
	if err := q.SelectContext(ctx, &rows, query, pq.Array(ids.Ints(of))); err != nil {
		return nil, err
	}
	out := map[ids.ID][]Link{}
	for _, r := range rows {
		out[r.Former] = append(out[r.Former], r.Link)
	}
	return out, nil
}

func listPredecessors(ctx context.Context, q db.Q, id ids.ID) ([]Link, error) {
	const query = `select o.id, o.code, o.name, o.short_name, o.starts_on::text from organisation_successors s
		join organisations o on o.id = s.organisation_id where s.successor_id = $1 order by o.short_name, o.id`
	list := []Link{}
	err := q.SelectContext(ctx, &list, query, id)
	return list, err
}

func listDomains(ctx context.Context, q db.Q, id ids.ID) ([]string, error) {
	const query = `select distinct domain from organisation_domains
		where organisation_id = $1 and ends_on is null and status <> 'refused' order by domain`
	list := []string{}
	err := q.SelectContext(ctx, &list, query, id)
	return list, err
}

func countPeople(ctx context.Context, q db.Q, id ids.ID) (int, error) {
	var n int
	err := q.GetContext(ctx, &n, `select count(*) from people where organisation_id = $1 and not former`, id)
	return n, err
}

func findNames(ctx context.Context, q db.Q, keys []string) ([]namedRow, error) {
	const query = `select a.key, o.id, o.short_name, o.current from organisation_aliases a
		join organisations o on o.id = a.organisation_id where a.key = any($1) order by o.short_name, o.id`
	var rows []namedRow
	err := q.SelectContext(ctx, &rows, query, pq.Array(keys))
	return rows, err
}

func listAreas(ctx context.Context, q db.Q) ([]Area, error) {
	const query = `select a.id, a.slug, coalesce(p.slug, '') as parent, a.level, a.label, a.label_cy, a.lgsl_ids
		from service_areas a left join service_areas p on p.id = a.parent_id order by a.sort, a.id`
	var rows []struct {
		Area
		LGSL pq.Int64Array `db:"lgsl_ids"`
	}
	if err := q.SelectContext(ctx, &rows, query); err != nil {
		return nil, err
	}
	list := make([]Area, len(rows))
	for i, r := range rows {
		list[i] = r.Area
		list[i].LGSLIDs = []int{}
		for _, n := range r.LGSL {
			list[i].LGSLIDs = append(list[i].LGSLIDs, int(n))
		}
	}
	return list, nil
}

// upsertOrganisations gives the rows that were added or changed.
func upsertOrganisations(ctx context.Context, q db.Q, rows []storedRow) ([]loadedRow, error) {
	const query = `insert into organisations (code, gss_code, slug, name, short_name, type, type_label, tier, nation, region, county_code,
			combined_authority_code, population, area_km2, density_per_km2, latitude, longitude, rural_urban, urban_share, rural_share,
			highly_rural_share, imd_quintile, imd_decile, deprivation_score, high_deprivation_share, homepage, custodian_code, current,
			starts_on, ends_on, lgr_area, lgr_planned_on, lgr_planned_successors, data_note, made_up, source_hash)
		select code, gss_code, slug, name, short_name, type, type_label, tier, nation, region, county_code,
			combined_authority_code, population, area_km2, density_per_km2, latitude, longitude, rural_urban, urban_share, rural_share,
			highly_rural_share, imd_quintile, imd_decile, deprivation_score, high_deprivation_share, homepage, custodian_code, current,
			starts_on, ends_on, lgr_area, lgr_planned_on, lgr_planned_successors, data_note, made_up, source_hash
		from jsonb_populate_recordset(null::organisations, $1::text::jsonb)
		on conflict (code) do update set gss_code = excluded.gss_code, slug = excluded.slug, name = excluded.name,
			short_name = excluded.short_name, type = excluded.type, type_label = excluded.type_label, tier = excluded.tier,
			nation = excluded.nation, region = excluded.region, county_code = excluded.county_code,
			combined_authority_code = excluded.combined_authority_code, population = excluded.population, area_km2 = excluded.area_km2,
			density_per_km2 = excluded.density_per_km2, latitude = excluded.latitude, longitude = excluded.longitude,
			rural_urban = excluded.rural_urban, urban_share = excluded.urban_share, rural_share = excluded.rural_share,
			highly_rural_share = excluded.highly_rural_share, imd_quintile = excluded.imd_quintile, imd_decile = excluded.imd_decile,
			deprivation_score = excluded.deprivation_score, high_deprivation_share = excluded.high_deprivation_share,
			homepage = excluded.homepage, custodian_code = excluded.custodian_code, current = excluded.current,
			starts_on = excluded.starts_on, ends_on = excluded.ends_on, lgr_area = excluded.lgr_area,
			lgr_planned_on = excluded.lgr_planned_on, lgr_planned_successors = excluded.lgr_planned_successors,
			data_note = excluded.data_note, made_up = excluded.made_up, source_hash = excluded.source_hash,
			version = organisations.version + 1, updated_at = now()
		where organisations.source_hash not in ('', excluded.source_hash)
		returning id, code, xmax = 0 as fresh`
	var loaded []loadedRow
	err := q.SelectContext(ctx, &loaded, query, db.JSON[[]storedRow]{V: rows})
	return loaded, err
}

// replaceAliases leaves the names that a person added.
func replaceAliases(ctx context.Context, q db.Q, touched []ids.ID, rows []aliasRow) error {
	const clear = `delete from organisation_aliases where source = 'data' and organisation_id = any($1)`
	if _, err := q.ExecContext(ctx, clear, pq.Array(ids.Ints(touched))); err != nil {
		return err
	}
	const query = `insert into organisation_aliases (organisation_id, name, key, kind, source)
		select organisation_id, name, key, kind, 'data' from jsonb_populate_recordset(null::organisation_aliases, $1::text::jsonb)
		on conflict (organisation_id, key) do nothing`
	_, err := q.ExecContext(ctx, query, db.JSON[[]aliasRow]{V: rows})
	return err
}

func replaceSuccessors(ctx context.Context, q db.Q, touched []ids.ID, rows []storedRow) error {
	const clear = `delete from organisation_successors where organisation_id = any($1)`
	if _, err := q.ExecContext(ctx, clear, pq.Array(ids.Ints(touched))); err != nil {
		return err
	}
	var from, to []string
	for _, r := range rows {
		for _, code := range r.Successors {
			from, to = append(from, r.Code), append(to, code)
		}
	}
	const query = `insert into organisation_successors (organisation_id, successor_id, on_date)
		select o.id, n.id, n.starts_on from unnest($1::text[], $2::text[]) as s(old, new)
		join organisations o on o.code = s.old join organisations n on n.code = s.new where o.id = any($3)`
	_, err := q.ExecContext(ctx, query, pq.Array(from), pq.Array(to), pq.Array(ids.Ints(touched)))
	return err
}

// addDomains never removes one: what was confirmed or refused stays.
func addDomains(ctx context.Context, q db.Q, touched []ids.ID, rows []storedRow) error {
	var codes, domains []string
	for _, r := range rows {
		if r.WebDomain != "" {
			codes, domains = append(codes, r.Code), append(domains, r.WebDomain)
		}
	}
	const query = `insert into organisation_domains (organisation_id, domain, kind, status)
		select o.id, d.domain, 'web', 'suggested' from unnest($1::text[], $2::text[]) as d(code, domain)
		join organisations o on o.code = d.code where o.id = any($3)
		on conflict (organisation_id, domain, kind) where ends_on is null do nothing`
	_, err := q.ExecContext(ctx, query, pq.Array(codes), pq.Array(domains), pq.Array(ids.Ints(touched)))
	return err
}

// upsertAreas gives the slugs of the rows that were changed, not of new ones.
func upsertAreas(ctx context.Context, q db.Q, rows any) ([]string, error) {
	const query = `with put as (
		insert into service_areas (slug, parent_id, level, sort, label, label_cy, revenue_form, revenue_line, lgsl_ids, lgsl_titles, source_hash)
		select r.slug, p.id, r.level, r.sort, r.label, r.label_cy, r.revenue_form, r.revenue_line, r.lgsl_ids, r.lgsl_titles, r.source_hash
		from jsonb_to_recordset($1::text::jsonb) as r(slug text, parent text, level smallint, sort int, label text, label_cy text,
			revenue_form text, revenue_line text, lgsl_ids int[], lgsl_titles text[], source_hash text)
		left join service_areas p on p.slug = r.parent
		on conflict (slug) do update set parent_id = excluded.parent_id, level = excluded.level, sort = excluded.sort, label = excluded.label,
			label_cy = excluded.label_cy, revenue_form = excluded.revenue_form, revenue_line = excluded.revenue_line,
			lgsl_ids = excluded.lgsl_ids, lgsl_titles = excluded.lgsl_titles, source_hash = excluded.source_hash,
			version = service_areas.version + 1
		where service_areas.source_hash not in ('', excluded.source_hash)
		returning slug, xmax = 0 as fresh)
		select slug from put where not fresh`
	var changed []string
	err := q.SelectContext(ctx, &changed, query, db.JSON[any]{V: rows})
	return changed, err
}

func typeLabels(ctx context.Context, q db.Q) (map[string]string, error) {
	var rows []struct {
		Type  string `db:"type"`
		Label string `db:"label"`
	}
	if err := q.SelectContext(ctx, &rows, `select type, min(type_label) as label from organisations group by type`); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, r := range rows {
		out[r.Type] = r.Label
	}
	return out, nil
}
