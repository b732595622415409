-- +goose Up
-- The row of a topic changes with each post, under its lock: last_number is
-- the counter that gives posts their numbers without gaps.
create table topics (
  id bigint generated always as identity constraint topics_pkey primary key,
  space_id bigint not null constraint topics_space_fkey references spaces deferrable initially immediate,
  author_id bigint not null constraint topics_author_fkey references accounts deferrable initially immediate,
  title text not null constraint topics_title_check check (length(title) between 1 and 150),
  excerpt text not null default '' constraint topics_excerpt_check check (length(excerpt) <= 200),
  last_number bigint not null,
  last_post_at timestamptz not null,
  last_post_by bigint not null constraint topics_last_post_by_fkey references accounts deferrable initially immediate,
  pinned boolean not null default false,
  closed boolean not null default false,
  source_key text constraint topics_source_key_key unique,
  version int not null default 1,
  created_at timestamptz not null,
  deleted_at timestamptz,
  deleted_by bigint constraint topics_deleted_by_fkey references accounts deferrable initially immediate
);
create index topics_space on topics (space_id, pinned, last_post_at, id) where deleted_at is null;
create index topics_newest on topics (last_post_at, id) where deleted_at is null;

-- A deleted post keeps its number. The client's own name of a post is unique
-- for its author, over all topics, so that sending it again stores it once.
create table posts (
  id bigint generated always as identity constraint posts_id_key unique,
  topic_id bigint not null constraint posts_topic_fkey references topics deferrable initially immediate,
  number bigint not null constraint posts_number_check check (number > 0),
  author_id bigint not null constraint posts_author_fkey references accounts deferrable initially immediate,
  client_id uuid not null,
  body text not null constraint posts_body_check check (length(body) between 1 and 20000),
  html text not null,
  version int not null default 1,
  created_at timestamptz not null,
  edited_at timestamptz,
  deleted_at timestamptz,
  deleted_by bigint constraint posts_deleted_by_fkey references accounts deferrable initially immediate,
  constraint posts_pkey primary key (topic_id, number),
  constraint posts_client_key unique (author_id, client_id)
);
-- What is unread is counted from this index alone.
create index posts_live on posts (topic_id, number) include (author_id) where deleted_at is null;
create index posts_time on posts (topic_id, created_at, number);
create index posts_deleted on posts (topic_id) where deleted_at is not null;

-- Words that an edit replaced. Those shown now stand in posts.
create table post_versions (
  post_id bigint not null constraint post_versions_post_fkey references posts (id) deferrable initially immediate,
  version int not null,
  body text not null,
  html text not null,
  written_at timestamptz not null,
  replaced_at timestamptz not null,
  constraint post_versions_pkey primary key (post_id, version)
);

create table topic_reads (
  account_id bigint not null constraint topic_reads_account_fkey references accounts deferrable initially immediate,
  topic_id bigint not null constraint topic_reads_topic_fkey references topics deferrable initially immediate,
  last_read_number bigint not null,
  updated_at timestamptz not null default now(),
  constraint topic_reads_pkey primary key (account_id, topic_id)
) with (fillfactor = 70);
