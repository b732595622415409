-- +goose Up
-- What people send with a message. A row begins as an upload of its author's,
-- belongs to a message once that is sent, and goes when its bytes are gone.
create table attachments (
  id bigint generated always as identity constraint attachments_pkey primary key,
  room_id bigint not null constraint attachments_room_fkey references rooms deferrable initially immediate,
  account_id bigint not null constraint attachments_account_fkey references accounts deferrable initially immediate,
  message_id bigint constraint attachments_message_fkey references messages (id) deferrable initially immediate,
  place int not null default 0, -- in the message
  name text not null constraint attachments_name_check check (length(name) between 1 and 250),
  type text not null default '', -- by its content, once that is known
  size bigint not null constraint attachments_size_check check (size > 0),
  received bigint not null default 0, -- bytes of the upload that are here
  width int not null default 0, -- of a picture
  height int not null default 0,
  alt text not null default '' constraint attachments_alt_check check (length(alt) <= 1000),
  file_key text not null default '',
  thumbnail_key text not null default '',
  thumbnail_type text not null default '',
  thumbnail_size bigint not null default 0,
  created_at timestamptz not null,
  ready_at timestamptz,
  removed_at timestamptz
);
create index attachments_message on attachments (message_id, place) where message_id is not null;
create index attachments_unsent on attachments (account_id, created_at) where message_id is null and removed_at is null;
