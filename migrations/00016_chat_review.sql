-- +goose Up
-- A deleted message keeps its place and loses its words, those of every wording.
delete from message_versions v using messages m where m.id = v.message_id and m.deleted_at is not null;
delete from message_mentions n using messages m where m.id = n.message_id and m.deleted_at is not null;
update messages set body = '', html = '' where deleted_at is not null and (body <> '' or html <> '');
alter table messages add constraint messages_deleted_check check (deleted_at is null or body = '' and html = '');

-- What a client calls a conversation that it begins, so that asking again after
-- an answer that was lost begins no second one; and whom it was begun with.
alter table rooms
  add column client_id uuid,
  add column begun_with bigint[],
  add constraint rooms_client_key unique (created_by, client_id);

-- Notices of the device are each device's own choice.
alter table chat_preferences drop column desktop;
