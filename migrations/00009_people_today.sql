-- +goose Up
-- A job begins on a day of the network's zone, which is up to 14 hours ahead
-- of the database's, UTC: a job of that day is held already.
create or replace view people as
select a.id,
  case when a.erased_at is null then a.name else 'Former member' end as name,
  case when a.erased_at is null then coalesce(p.job, '') else '' end as job,
  case when a.erased_at is null then p.organisation_id end as organisation_id,
  case when a.erased_at is null then coalesce(o.short_name, '') else '' end as organisation,
  a.erased_at is not null as former
from accounts a
left join lateral (
  select job, organisation_id from account_posts
  where account_id = a.id and (starts_on is null or starts_on <= current_date + 1) and (ends_on is null or ends_on >= current_date)
  order by starts_on desc nulls last, id desc limit 1
) p on true
left join organisations o on o.id = p.organisation_id;
