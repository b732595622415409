-- +goose Up
create table accounts (
  id bigint generated always as identity constraint accounts_pkey primary key,
  name text not null constraint accounts_name_check check (length(name) between 1 and 120),
  site_role text not null default 'member' constraint accounts_site_role_check check (site_role in ('member', 'admin')),
  language text not null default 'en' constraint accounts_language_check check (language in ('en', 'cy')),
  time_zone text not null default '',
  about text not null default '' constraint accounts_about_check check (length(about) <= 4000),
  ask_me_about text[] not null default '{}',
  service_areas text[] not null default '{}',
  load_number int constraint accounts_load_number_key unique,
  source_key text constraint accounts_source_key_key unique,
  version int not null default 1,
  created_at timestamptz not null default now(),
  suspended_at timestamptz,
  erased_at timestamptz
);
create index accounts_name on accounts (lower(name), id) where erased_at is null;

-- A person keeps their account when they change employer: addresses and posts
-- are dated.
create table account_emails (
  id bigint generated always as identity constraint account_emails_pkey primary key,
  account_id bigint not null constraint account_emails_account_fkey references accounts deferrable initially immediate,
  email text not null constraint account_emails_email_check check (email = lower(email) and length(email) between 3 and 254),
  primary_since timestamptz,
  verified_at timestamptz,
  created_at timestamptz not null default now(),
  ended_at timestamptz
);
create unique index account_emails_email_key on account_emails (email) where ended_at is null;
create index account_emails_account on account_emails (account_id);

create table account_posts (
  id bigint generated always as identity constraint account_posts_pkey primary key,
  account_id bigint not null constraint account_posts_account_fkey references accounts deferrable initially immediate,
  organisation_id bigint constraint account_posts_organisation_fkey references organisations deferrable initially immediate,
  job text not null constraint account_posts_job_check check (length(job) between 1 and 120),
  starts_on date,
  ends_on date,
  created_at timestamptz not null default now(),
  constraint account_posts_dates_check check (ends_on is null or starts_on is null or ends_on >= starts_on)
);
create index account_posts_account on account_posts (account_id, starts_on desc nulls last);
create index account_posts_organisation on account_posts (organisation_id) where ends_on is null;

-- One code that was sent to one address for one browser. An unknown address
-- gets a row without an account, so that both take the same work.
create table sign_in_codes (
  id bigint generated always as identity constraint sign_in_codes_pkey primary key,
  browser_hash bytea, -- null: an operator made it, for any browser
  email_hash bytea not null,
  account_id bigint constraint sign_in_codes_account_fkey references accounts deferrable initially immediate,
  email_id bigint constraint sign_in_codes_email_fkey references account_emails deferrable initially immediate,
  nonce bytea not null,
  tries int not null default 0,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index sign_in_codes_browser on sign_in_codes (browser_hash, email_hash, id);
create index sign_in_codes_expires on sign_in_codes (expires_at);

create table sessions (
  id bigint generated always as identity constraint sessions_pkey primary key,
  account_id bigint not null constraint sessions_account_fkey references accounts deferrable initially immediate,
  token_hash bytea not null constraint sessions_token_hash_key unique,
  device text not null default '',
  created_at timestamptz not null,
  last_seen_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz
);
create index sessions_account on sessions (account_id) where ended_at is null;

-- Names and faces, for every list. An erased account has neither.
create view people as
select a.id,
  case when a.erased_at is null then a.name else 'Former member' end as name,
  case when a.erased_at is null then coalesce(p.job, '') else '' end as job,
  case when a.erased_at is null then p.organisation_id end as organisation_id,
  case when a.erased_at is null then coalesce(o.short_name, '') else '' end as organisation,
  a.erased_at is not null as former
from accounts a
left join lateral (
  select job, organisation_id from account_posts
  where account_id = a.id and (starts_on is null or starts_on <= current_date) and (ends_on is null or ends_on >= current_date)
  order by starts_on desc nulls last, id desc limit 1
) p on true
left join organisations o on o.id = p.organisation_id;
