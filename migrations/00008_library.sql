-- +goose Up

-- One account of a transformation. space_id is its audience: null is the
-- whole network. The HTML is made once, when the text is written.
-- source_hash is '' once a person has edited the row, or made it.
create table stories (
  id bigint generated always as identity constraint stories_pkey primary key,
  version int not null default 1,
  space_id bigint constraint stories_space_fkey references spaces deferrable initially immediate,
  source_id text constraint stories_source_id_key unique,
  source_hash text not null default '',
  title text not null constraint stories_title_check check (length(title) between 1 and 300),
  summary text not null default '' constraint stories_summary_check check (length(summary) <= 1000),
  problem text not null default '' constraint stories_problem_check check (length(problem) <= 20000),
  problem_html text not null default '',
  what_was_done text not null default '' constraint stories_what_was_done_check check (length(what_was_done) <= 20000),
  what_was_done_html text not null default '',
  outcome text not null default '' constraint stories_outcome_check check (length(outcome) <= 20000),
  outcome_html text not null default '',
  lead_id bigint constraint stories_lead_fkey references organisations deferrable initially immediate,
  lead_name text not null default '',
  year smallint constraint stories_year_check check (year between 1990 and 2100),
  year_certain boolean not null default false,
  stage text not null constraint stories_stage_check check (stage in ('discovery', 'alpha', 'beta', 'pilot', 'live',
    'business case', 'decision', 'bid not funded', 'evaluation', 'lessons learned', 'failure review')),
  evidence text not null constraint stories_evidence_check check (evidence in ('published account', 'own figures',
    'supplier', 'independent', 'decision paper')),
  evidence_note text not null default '',
  cost_gbp numeric(14, 2) constraint stories_cost_check check (cost_gbp >= 0),
  saving_gbp numeric(14, 2) constraint stories_saving_check check (saving_gbp >= 0),
  money_note text not null default '',
  licence text not null default '',
  last_checked_on date,
  language text not null default 'en' constraint stories_language_check check (language in ('en', 'cy')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  published_at timestamptz,
  deleted_at timestamptz,
  deleted_by bigint constraint stories_deleted_by_fkey references accounts deferrable initially immediate,
  constraint stories_lead_check check (lead_id is not null or lead_name <> '')
);
create index stories_lead on stories (lead_id) where deleted_at is null;
create index stories_space on stories (space_id) where deleted_at is null;

-- Partners are organisations, or a name where the source names something else.
create table story_partners (
  story_id bigint not null constraint story_partners_story_fkey references stories deferrable initially immediate,
  position int not null,
  organisation_id bigint constraint story_partners_organisation_fkey references organisations deferrable initially immediate,
  name text not null default '',
  constraint story_partners_pkey primary key (story_id, position),
  constraint story_partners_name_check check (organisation_id is not null or name <> '')
);
create index story_partners_organisation on story_partners (organisation_id);

create table story_areas (
  story_id bigint not null constraint story_areas_story_fkey references stories deferrable initially immediate,
  position int not null,
  service_area_id bigint not null constraint story_areas_area_fkey references service_areas deferrable initially immediate,
  constraint story_areas_pkey primary key (story_id, position),
  constraint story_areas_area_key unique (story_id, service_area_id)
);
create index story_areas_area on story_areas (service_area_id);

-- Where it was read. Nobody's words stand here without a place to check them.
create table story_sources (
  story_id bigint not null constraint story_sources_story_fkey references stories deferrable initially immediate,
  position int not null,
  url text not null constraint story_sources_url_check check (url ~ '^https?://'),
  name text not null,
  constraint story_sources_pkey primary key (story_id, position)
);
