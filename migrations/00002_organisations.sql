-- +goose Up

-- A council is a dated thing: it may be abolished, merged or split, and what
-- it did stays its own. source_hash is '' once a person has edited the row,
-- or made it; loading the data again then leaves it alone.
create table organisations (
  id bigint generated always as identity constraint organisations_pkey primary key,
  code text not null constraint organisations_code_key unique,
  gss_code text not null default '',
  slug text not null default '',
  name text not null constraint organisations_name_check check (length(name) between 1 and 200),
  short_name text not null constraint organisations_short_name_check check (length(short_name) between 1 and 200),
  type text not null,
  type_label text not null,
  tier text not null constraint organisations_tier_check check (tier in ('district', 'county', 'unitary', 'combined', 'strategic', 'partner')),
  nation text not null default '' constraint organisations_nation_check check (nation in ('', 'England', 'Scotland', 'Wales', 'Northern Ireland')),
  region text not null default '',
  county_code text not null default '',
  combined_authority_code text not null default '',
  population int,
  area_km2 double precision,
  density_per_km2 double precision,
  latitude double precision,
  longitude double precision,
  rural_urban text not null default '',
  urban_share double precision,
  rural_share double precision,
  highly_rural_share double precision,
  imd_quintile smallint,
  imd_decile smallint,
  deprivation_score double precision,
  high_deprivation_share double precision,
  homepage text not null default '',
  custodian_code text not null default '',
  current boolean not null,
  starts_on date,
  ends_on date,
  lgr_area text not null default '',
  lgr_planned_on date,
  lgr_planned_successors text not null default '',
  data_note text not null default '',
  made_up boolean not null default false,
  version int not null default 1,
  source_hash text not null default '',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint organisations_dates_check check (ends_on is null or starts_on is null or ends_on >= starts_on)
);
create index organisations_list on organisations (short_name, id);

-- Every name that people use for it. key is the name in small letters, with
-- single spaces and nothing but letters and digits.
create table organisation_aliases (
  id bigint generated always as identity constraint organisation_aliases_pkey primary key,
  organisation_id bigint not null constraint organisation_aliases_organisation_fkey references organisations deferrable initially immediate,
  name text not null,
  key text not null constraint organisation_aliases_key_check check (key <> ''),
  kind text not null constraint organisation_aliases_kind_check check (kind in ('name', 'other', 'nickname', 'misspelling')),
  source text not null constraint organisation_aliases_source_check check (source in ('data', 'person')),
  constraint organisation_aliases_name_key unique (organisation_id, key)
);
create index organisation_aliases_key on organisation_aliases (key);
create index organisation_aliases_like on organisation_aliases using gin (key gin_trgm_ops);

-- Many to many: a county may become two unitaries, many districts one.
create table organisation_successors (
  organisation_id bigint not null constraint organisation_successors_organisation_fkey references organisations deferrable initially immediate,
  successor_id bigint not null constraint organisation_successors_successor_fkey references organisations deferrable initially immediate,
  on_date date,
  constraint organisation_successors_pkey primary key (organisation_id, successor_id),
  constraint organisation_successors_self_check check (organisation_id <> successor_id)
);
create index organisation_successors_successor on organisation_successors (successor_id);

-- A domain may serve two councils, and a council's web domain need not be its
-- mail domain: a suggested one is confirmed by a person on first use.
create table organisation_domains (
  id bigint generated always as identity constraint organisation_domains_pkey primary key,
  organisation_id bigint not null constraint organisation_domains_organisation_fkey references organisations deferrable initially immediate,
  domain text not null constraint organisation_domains_domain_check check (domain = lower(domain) and domain <> ''),
  kind text not null constraint organisation_domains_kind_check check (kind in ('web', 'mail')),
  status text not null default 'suggested' constraint organisation_domains_status_check check (status in ('suggested', 'confirmed', 'refused')),
  starts_on date,
  ends_on date,
  constraint organisation_domains_dates_check check (ends_on is null or starts_on is null or ends_on >= starts_on)
);
create unique index organisation_domains_current_key on organisation_domains (organisation_id, domain, kind) where ends_on is null;
create index organisation_domains_domain on organisation_domains (domain);

-- What councils do, in two levels.
create table service_areas (
  id bigint generated always as identity constraint service_areas_pkey primary key,
  slug text not null constraint service_areas_slug_key unique,
  parent_id bigint constraint service_areas_parent_fkey references service_areas deferrable initially immediate,
  level smallint not null constraint service_areas_level_check check (level in (1, 2)),
  sort int not null,
  label text not null constraint service_areas_label_check check (length(label) between 1 and 200),
  label_cy text not null default '',
  revenue_form text not null default '',
  revenue_line text not null default '',
  lgsl_ids int[] not null default '{}',
  lgsl_titles text[] not null default '{}',
  version int not null default 1,
  source_hash text not null default '',
  constraint service_areas_parent_check check ((level = 1) = (parent_id is null))
);
create index service_areas_parent on service_areas (parent_id);
