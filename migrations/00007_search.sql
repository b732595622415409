-- +goose Up

-- English stems, with accents taken off: a Welsh name is found with and
-- without its circumflex. Always named with its schema, because a restore
-- runs with an empty search_path.
create text search configuration public.gh (copy = pg_catalog.english);
alter text search configuration public.gh
  alter mapping for hword, hword_part, word with public.unaccent, pg_catalog.english_stem;

-- What can be found, one row for each thing: written in the transaction that
-- writes the thing, so that this engine is exact at once.
--
-- One partition for each kind that may grow large, so that the words of one
-- kind never slow another. head holds the words of title, terms and summary,
-- body those and the text: weight A is the title, B the terms, C the summary,
-- D the text.
create table search_documents (
  kind text not null,
  id bigint not null,
  space_id bigint,
  rev bigint not null,
  at timestamptz not null,
  facet_ids int[] not null,
  head tsvector not null,
  body tsvector not null,
  facets jsonb not null,
  title text not null,
  terms text not null,
  summary text not null,
  text text not null,
  constraint search_documents_pkey primary key (kind, id)
) partition by list (kind);

create sequence search_revs as bigint;

-- The wide columns go out of line at once (toast_tuple_target), the vectors
-- uncompressed, but facet_ids stays in the row: counting then walks narrow
-- rows, and ranking reads vectors without unpacking.
create table search_documents_story partition of search_documents for values in ('story') with (toast_tuple_target = 128);
create table search_documents_topic partition of search_documents for values in ('topic') with (toast_tuple_target = 128);
create table search_documents_other partition of search_documents default with (toast_tuple_target = 128);

-- +goose StatementBegin
do $$
declare part text;
begin
  foreach part in array array['search_documents_story', 'search_documents_topic', 'search_documents_other'] loop
    execute format('alter table public.%I alter head set storage external, alter body set storage external, alter facet_ids set storage plain', part);
  end loop;
end $$;
-- +goose StatementEnd

-- Without the pending list of fastupdate: it makes single searches slow.
create index search_documents_head on search_documents using gin (head) with (fastupdate = off);
create index search_documents_body on search_documents using gin (body) with (fastupdate = off);

-- The values that facet_ids stand for. Rows are only ever added. Nothing is
-- unique here or in search_words: two transactions that bring the same new
-- value must not wait for each other, and a second row does no harm.
create table search_facets (
  id int generated always as identity constraint search_facets_pkey primary key,
  name text not null,
  value text not null
);
create index search_facets_value on search_facets (name, value);

-- Which rows an outside engine has not got yet. seq moves on with each change,
-- so that a mark is only cleared if nothing happened since; dirty_at stays,
-- so that it tells the true lag.
create sequence search_dirty_seqs as bigint;
create table search_dirty (
  kind text not null,
  id bigint not null,
  seq bigint not null default nextval('search_dirty_seqs'),
  dirty_at timestamptz not null default now(),
  attempts int not null default 0,
  last_error text not null default '',
  leased_until timestamptz,
  constraint search_dirty_pkey primary key (kind, id)
);
create index search_dirty_oldest on search_dirty (dirty_at);

-- Words as people write them, for the correction of typing errors, by the space
-- that has them (0: everybody may read it): nobody may learn from a correction
-- which words a space uses that is not theirs.
create table search_words (
  space_id bigint not null,
  word text not null
);
create index search_words_word on search_words (word);
create index search_words_like on search_words using gist (word gist_trgm_ops (siglen = 32));
