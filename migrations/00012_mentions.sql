-- +goose Up
-- Whom a message calls. No account is everybody in the room, by @room. Who was
-- named by an edit was not called: an edit never rings a bell.
create table message_mentions (
  message_id bigint not null constraint message_mentions_message_fkey references messages (id) on delete cascade deferrable initially immediate,
  room_id bigint not null constraint message_mentions_room_fkey references rooms deferrable initially immediate,
  account_id bigint constraint message_mentions_account_fkey references accounts deferrable initially immediate,
  by_edit boolean not null default false,
  constraint message_mentions_key unique nulls not distinct (message_id, account_id)
);
create index message_mentions_reader on message_mentions (room_id, account_id);
