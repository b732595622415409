-- +goose Up
create table rooms (
  id bigint generated always as identity constraint rooms_pkey primary key,
  space_id bigint not null constraint rooms_space_fkey references spaces deferrable initially immediate,
  name text not null constraint rooms_name_check check (length(name) between 1 and 80),
  topic text not null default '' constraint rooms_topic_check check (length(topic) <= 250),
  created_by bigint constraint rooms_created_by_fkey references accounts deferrable initially immediate,
  created_at timestamptz not null default now(),
  archived_at timestamptz,
  source_key text constraint rooms_source_key_key unique,
  version int not null default 1
);
create unique index rooms_name_key on rooms (space_id, lower(name)) where archived_at is null;

-- The counter of a room, apart from its words: this row changes with every
-- message, so it is small and leaves space for updates in place.
create table room_heads (
  room_id bigint constraint room_heads_pkey primary key constraint room_heads_room_fkey references rooms deferrable initially immediate,
  last_seq bigint not null default 0
) with (fillfactor = 50);

create table messages (
  id bigint generated always as identity constraint messages_id_key unique,
  room_id bigint not null constraint messages_room_fkey references rooms deferrable initially immediate,
  seq bigint not null,
  author_id bigint not null constraint messages_author_fkey references accounts deferrable initially immediate,
  client_id uuid not null,
  body text not null constraint messages_body_check check (length(body) <= 8000),
  html text not null,
  version int not null default 1,
  created_at timestamptz not null,
  edited_at timestamptz,
  deleted_at timestamptz,
  deleted_by bigint constraint messages_deleted_by_fkey references accounts deferrable initially immediate,
  constraint messages_pkey primary key (room_id, seq),
  constraint messages_client_key unique (room_id, author_id, client_id)
);

create index messages_time on messages (room_id, created_at);

-- Edits and deletions, numbered from the same counter as the messages, so
-- that one rule finds every gap.
create table message_changes (
  room_id bigint not null constraint message_changes_room_fkey references rooms deferrable initially immediate,
  seq bigint not null,
  kind text not null constraint message_changes_kind_check check (kind in ('edited', 'deleted', 'gone')),
  message_id bigint constraint message_changes_message_fkey references messages (id) deferrable initially immediate,
  by_id bigint constraint message_changes_by_fkey references accounts deferrable initially immediate,
  at timestamptz not null,
  constraint message_changes_pkey primary key (room_id, seq)
);

create table message_versions (
  message_id bigint not null constraint message_versions_message_fkey references messages (id) deferrable initially immediate,
  version int not null,
  body text not null,
  replaced_at timestamptz not null,
  constraint message_versions_pkey primary key (message_id, version)
);

create table room_reads (
  account_id bigint not null constraint room_reads_account_fkey references accounts deferrable initially immediate,
  room_id bigint not null constraint room_reads_room_fkey references rooms deferrable initially immediate,
  last_read_seq bigint not null,
  updated_at timestamptz not null default now(),
  constraint room_reads_pkey primary key (account_id, room_id)
) with (fillfactor = 70);
