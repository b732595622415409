-- +goose Up
-- Rooms beside those that a whole space sees: private ones of a space, and
-- conversations between people, which belong to no space.
alter table rooms
  alter column space_id drop not null,
  add column kind text not null default 'open' constraint rooms_kind_check check (kind in ('open', 'private', 'direct', 'group')),
  add column pair text constraint rooms_pair_key unique, -- the two people of a direct conversation, the lower id first
  add column retention_days int constraint rooms_retention_check check (retention_days > 0),
  drop constraint rooms_name_check,
  add constraint rooms_name_check check (length(name) <= 80 and (name <> '' or kind in ('direct', 'group'))),
  add constraint rooms_space_check check ((space_id is null) = (kind in ('direct', 'group'))),
  add constraint rooms_pair_check check ((pair is not null) = (kind = 'direct'));
-- Of open rooms alone: the name of a private one must not be found out by trying it.
drop index rooms_name_key;
create unique index rooms_name_key on rooms (space_id, lower(name)) where archived_at is null and kind = 'open';

-- Who is in a private room or a conversation. Who is let in from a number on
-- sees nothing that was said before it. Rows stay when people leave.
create table room_members (
  id bigint generated always as identity constraint room_members_pkey primary key,
  room_id bigint not null constraint room_members_room_fkey references rooms deferrable initially immediate,
  account_id bigint not null constraint room_members_account_fkey references accounts deferrable initially immediate,
  from_seq bigint not null default 0,
  added_by bigint constraint room_members_added_by_fkey references accounts deferrable initially immediate,
  joined_at timestamptz not null default now(),
  left_at timestamptz
);
create unique index room_members_current_key on room_members (room_id, account_id) where left_at is null;
create index room_members_account on room_members (account_id) where left_at is null;

-- How a person wants a room: only what differs from the usual has a row.
create table room_settings (
  account_id bigint not null constraint room_settings_account_fkey references accounts deferrable initially immediate,
  room_id bigint not null constraint room_settings_room_fkey references rooms deferrable initially immediate,
  notify text not null default 'all' constraint room_settings_notify_check check (notify in ('all', 'mentions', 'nothing')),
  muted boolean not null default false,
  hidden_seq bigint, -- not in the lists until something is said after it
  left_at timestamptz, -- of an open room
  constraint room_settings_pkey primary key (account_id, room_id)
);

-- What somebody is in a room, if anything: the one place that says who may see
-- it. No row, no room. Participants are the people of a conversation.
-- +goose StatementBegin
create function public.room_role(room bigint, account bigint)
returns table (role text, from_seq bigint, joined_at timestamptz, muted_until timestamptz)
language sql stable as $$
  select case when r.space_id is null then 'participant' else m.role end,
    coalesce(rm.from_seq, 0), coalesce(rm.joined_at, m.joined_at), m.muted_until
  from public.rooms r
  left join public.spaces s on s.id = r.space_id
  left join public.memberships m on m.space_id = r.space_id and m.account_id = $2 and m.ended_at is null
  left join public.room_members rm on rm.room_id = r.id and rm.account_id = $2 and rm.left_at is null
  where r.id = $1 and (r.space_id is null or m.id is not null and s.deleted_at is null) and (r.kind = 'open' or rm.id is not null)
$$;
-- +goose StatementEnd

-- Everybody who has a role in a room.
-- +goose StatementBegin
create function public.room_people(room bigint)
returns table (account_id bigint, role text, from_seq bigint)
language sql stable as $$
  select m.account_id, m.role, 0::bigint
  from public.rooms r join public.memberships m on m.space_id = r.space_id and m.ended_at is null
  where r.id = $1 and r.kind = 'open'
  union all
  select rm.account_id, coalesce(m.role, 'participant'), rm.from_seq
  from public.rooms r join public.room_members rm on rm.room_id = r.id and rm.left_at is null
  left join public.memberships m on m.space_id = r.space_id and m.account_id = rm.account_id and m.ended_at is null
  where r.id = $1 and r.kind <> 'open' and (r.space_id is null or m.id is not null)
$$;
-- +goose StatementEnd

-- A reply hangs on the message that opened its thread. What a reader needs
-- with each message stands in its row: a page of a room is one read.
alter table messages
  add column thread_id bigint constraint messages_thread_fkey references messages (id) deferrable initially immediate,
  add column replies int not null default 0,
  add column last_reply_seq bigint,
  add column last_reply_at timestamptz,
  add column reactions jsonb, -- made from message_reactions, null without any
  add column pinned_at timestamptz,
  add column pinned_by bigint constraint messages_pinned_by_fkey references accounts deferrable initially immediate,
  add column forward_of bigint constraint messages_forward_fkey references messages (id) deferrable initially immediate,
  add column notice jsonb; -- of what happened in the room, instead of words
create index messages_thread on messages (thread_id, seq) where thread_id is not null;
create index messages_pinned on messages (room_id, pinned_at) where pinned_at is not null;

alter table message_changes
  drop constraint message_changes_kind_check,
  add constraint message_changes_kind_check check (kind in ('edited', 'deleted', 'reacted', 'pinned', 'gone'));

create table message_reactions (
  message_id bigint not null constraint message_reactions_message_fkey references messages (id) deferrable initially immediate,
  emoji text not null,
  account_id bigint not null constraint message_reactions_account_fkey references accounts deferrable initially immediate,
  at timestamptz not null,
  constraint message_reactions_pkey primary key (message_id, emoji, account_id)
);

-- Who follows a thread and how far they have read it.
create table thread_reads (
  account_id bigint not null constraint thread_reads_account_fkey references accounts deferrable initially immediate,
  thread_id bigint not null constraint thread_reads_thread_fkey references messages (id) deferrable initially immediate,
  following boolean not null default true,
  last_read_seq bigint not null default 0,
  constraint thread_reads_pkey primary key (account_id, thread_id)
) with (fillfactor = 70);
create index thread_reads_thread on thread_reads (thread_id);

-- What is being written, equal on all of a person's devices. Thread 0 is the
-- room itself.
create table message_drafts (
  account_id bigint not null constraint message_drafts_account_fkey references accounts deferrable initially immediate,
  room_id bigint not null constraint message_drafts_room_fkey references rooms deferrable initially immediate,
  thread_id bigint not null default 0,
  body text not null constraint message_drafts_body_check check (length(body) <= 8000),
  version bigint not null default 1,
  updated_at timestamptz not null,
  constraint message_drafts_pkey primary key (account_id, room_id, thread_id)
);

create table scheduled_messages (
  id bigint generated always as identity constraint scheduled_messages_pkey primary key,
  account_id bigint not null constraint scheduled_messages_account_fkey references accounts deferrable initially immediate,
  room_id bigint not null constraint scheduled_messages_room_fkey references rooms deferrable initially immediate,
  thread_id bigint constraint scheduled_messages_thread_fkey references messages (id) deferrable initially immediate,
  client_id uuid not null,
  body text not null constraint scheduled_messages_body_check check (length(body) <= 8000),
  send_at timestamptz not null,
  version int not null default 1,
  created_at timestamptz not null,
  failed text, -- the type of the problem that kept it from being sent
  constraint scheduled_messages_client_key unique (account_id, client_id)
);
create index scheduled_messages_due on scheduled_messages (send_at) where failed is null;

create table chat_preferences (
  account_id bigint constraint chat_preferences_pkey primary key constraint chat_preferences_account_fkey references accounts deferrable initially immediate,
  enter_sends boolean not null default true,
  read_on text not null default 'scroll' constraint chat_preferences_read_on_check check (read_on in ('scroll', 'opening')),
  announce boolean not null default true,
  desktop boolean not null default false,
  quiet_from time,
  quiet_to time,
  quiet_days int[] not null default '{1,2,3,4,5,6,7}', -- ISO days on which quiet hours begin
  undisturbed_until timestamptz,
  constraint chat_preferences_quiet_check check ((quiet_from is null) = (quiet_to is null))
);

-- Facilitators switch on whether people see who has read a message.
alter table spaces add column read_receipts boolean not null default false;
