-- +goose Up
-- The words of a message as its search finds them: the parts of addresses and
-- numbers are words too, so that "gov.uk" is found in a longer address.
-- +goose StatementBegin
create function public.message_words(body text) returns tsvector
language sql immutable parallel safe as $$
  select to_tsvector('public.gh'::regconfig, translate(body, '/.:_-@#&=?+()[]*`', '                 ') || ' ' || body)
$$;
-- +goose StatementEnd
create index messages_words on messages using gin (public.message_words(body)) where deleted_at is null and body <> '';

-- When a room's retention was set: it begins a week later, so that people can
-- keep what they need.
alter table rooms add column retention_set_at timestamptz;
alter table rooms add constraint rooms_retention_set_check check (retention_days is null or retention_set_at is not null);
