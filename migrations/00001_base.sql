-- +goose Up
create extension if not exists pg_trgm;
create extension if not exists unaccent;
create extension if not exists fuzzystrmatch;
create extension if not exists btree_gin;

-- What all nodes must agree on: secrets made once, the demo mark.
create table server_settings (
  name text constraint server_settings_pkey primary key,
  value text not null,
  created_at timestamptz not null default now()
);

-- What is to be done after a commit. A row is deleted when it is done; one
-- with failed_at is a dead letter that waits for somebody to look.
create table jobs (
  id bigint generated always as identity constraint jobs_pkey primary key,
  kind text not null,
  payload jsonb not null,
  run_at timestamptz not null default now(),
  attempts int not null default 0,
  max_attempts int not null default 10,
  leased_until timestamptz,
  last_error text not null default '',
  created_at timestamptz not null default now(),
  failed_at timestamptz
);
create index jobs_due on jobs (run_at, id) where failed_at is null;

-- +goose StatementBegin
create function public.jobs_notify() returns trigger language plpgsql as $$
begin
  perform pg_catalog.pg_notify('jobs', '');
  return null;
end $$;
-- +goose StatementEnd
create trigger jobs_notify after insert on jobs for each statement execute function public.jobs_notify();

-- Who did what, for ever.
create table audit_entries (
  id bigint generated always as identity constraint audit_entries_pkey primary key,
  at timestamptz not null default now(),
  actor_id bigint,
  action text not null,
  space_id bigint,
  subject_kind text not null,
  subject_id bigint,
  detail jsonb not null default '{}'
);
create index audit_entries_space on audit_entries (space_id, id);
create index audit_entries_actor on audit_entries (actor_id, id);

-- +goose StatementBegin
create function public.audit_entries_fixed() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only';
end $$;
-- +goose StatementEnd
create trigger audit_entries_fixed before update or delete or truncate on audit_entries
  for each statement execute function public.audit_entries_fixed();

-- Counts in fixed windows, shared by all nodes.
create table rate_limits (
  key text not null,
  window_start timestamptz not null,
  used int not null,
  constraint rate_limits_pkey primary key (key, window_start)
);
