-- +goose Up
-- A room is read without the replies in its threads, however many there are.
create index messages_rooted on messages (room_id, seq) where thread_id is null;

-- Who replied last in a thread, the latest first: the faces below its first message.
alter table messages add column repliers bigint[];
