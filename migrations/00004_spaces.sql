-- +goose Up
create table spaces (
  id bigint generated always as identity constraint spaces_pkey primary key,
  kind text not null constraint spaces_kind_check check (kind in ('network', 'cohort', 'group', 'load')),
  name text not null constraint spaces_name_check check (length(name) between 1 and 120),
  description text not null default '' constraint spaces_description_check check (length(description) <= 2000),
  admission text not null default 'invitation' constraint spaces_admission_check check (admission in ('invitation', 'ask', 'open')),
  listed boolean not null default false,
  residential_from date,
  residential_to date,
  review_day date,
  source_key text constraint spaces_source_key_key unique,
  version int not null default 1,
  created_at timestamptz not null default now(),
  deleted_at timestamptz,
  deleted_by bigint constraint spaces_deleted_by_fkey references accounts deferrable initially immediate,
  constraint spaces_residential_check check (residential_to is null or residential_from is not null and residential_to >= residential_from)
);
create unique index spaces_name_key on spaces (lower(name)) where deleted_at is null;
create unique index spaces_network_key on spaces (kind) where kind = 'network';

-- A membership that ended stays, so that what was said keeps its context.
create table memberships (
  id bigint generated always as identity constraint memberships_pkey primary key,
  space_id bigint not null constraint memberships_space_fkey references spaces deferrable initially immediate,
  account_id bigint not null constraint memberships_account_fkey references accounts deferrable initially immediate,
  role text not null constraint memberships_role_check check (role in ('member', 'facilitator', 'moderator', 'editor')),
  stepped_in boolean not null default false,
  muted_until timestamptz,
  version int not null default 1,
  joined_at timestamptz not null default now(),
  ended_at timestamptz,
  ended_by bigint constraint memberships_ended_by_fkey references accounts deferrable initially immediate
);
create unique index memberships_current_key on memberships (account_id, space_id) where ended_at is null;
create index memberships_space on memberships (space_id, account_id) where ended_at is null;
