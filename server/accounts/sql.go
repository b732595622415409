package accounts

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"

	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/ids"
)

// sessionRow is a session with its person and their roles: one query for each
// request.
type sessionRow struct {
	SessionID  ids.ID                          `db:"session_id"`
	AccountID  ids.ID                          `db:"account_id"`
	Name       string                          `db:"name"`
	Language   string                          `db:"language"`
	Site       access.SiteRole                 `db:"site_role"`
	Load       bool                            `db:"load"`
	LastSeenAt time.Time                       `db:"last_seen_at"`
	Roles      db.JSON[map[ids.ID]access.Role] `db:"roles"`
}

func (r sessionRow) actor() access.Actor {
	roles := r.Roles.V
	if roles == nil {
		roles = map[ids.ID]access.Role{}
	}
	return access.Actor{
		ID: r.AccountID, SessionID: r.SessionID, Name: r.Name, Language: r.Language, Site: r.Site, Roles: roles, Load: r.Load,
	}
}

func getSession(ctx context.Context, q db.Q, token []byte, now time.Time) (sessionRow, error) {
	const query = `select s.id as session_id, a.id as account_id, a.name, a.language, a.site_role, a.load_number is not null as load, s.last_seen_at,
			(select jsonb_object_agg(m.space_id, m.role) from memberships m join spaces p on p.id = m.space_id and p.deleted_at is null
				where m.account_id = a.id and m.ended_at is null) as roles
		from sessions s join accounts a on a.id = s.account_id
		where s.token_hash = $1 and s.ended_at is null and s.expires_at > $2 and a.suspended_at is null and a.erased_at is null`
	var row sessionRow
	err := q.GetContext(ctx, &row, query, token, now)
	return row, err
}

func getActor(ctx context.Context, q db.Q, account ids.ID) (sessionRow, error) {
	const query = `select a.id as account_id, a.name, a.language, a.site_role, a.load_number is not null as load,
			(select jsonb_object_agg(m.space_id, m.role) from memberships m join spaces p on p.id = m.space_id and p.deleted_at is null
				where m.account_id = a.id and m.ended_at is null) as roles
		from accounts a where a.id = $1 and a.suspended_at is null and a.erased_at is null`
	var row sessionRow
	err := q.GetContext(ctx, &row, query, account)
	return row, err
}

func getSessionByID(ctx context.Context, q db.Q, id ids.ID, now time.Time) (sessionRow, error) {
	const query = `select s.id as session_id, a.id as account_id, a.name, a.language, a.site_role, a.load_number is not null as load, s.last_seen_at,
			(select jsonb_object_agg(m.space_id, m.role) from memberships m join spaces p on p.id = m.space_id and p.deleted_at is null
				where m.account_id = a.id and m.ended_at is null) as roles
		from sessions s join accounts a on a.id = s.account_id
		where s.id = $1 and s.ended_at is null and s.expires_at > $2 and a.suspended_at is null and a.erased_at is null`
	var row sessionRow
	err := q.GetContext(ctx, &row, query, id, now)
	return row, err
}

func touchSession(ctx context.Context, q db.Q, id ids.ID, now, expires time.Time) error {
	const query = `update sessions set last_seen_at = $2, expires_at = $3 where id = $1 and last_seen_at < $2`
	_, err := q.ExecContext(ctx, query, id, now, expires)
	return err
}

func insertSession(ctx context.Context, q db.Q, account ids.ID, token []byte, device string, now, expires time.Time) (ids.ID, error) {
	const query = `insert into sessions (account_id, token_hash, device, created_at, last_seen_at, expires_at)
		values ($1, $2, $3, $4, $4, $5) returning id`
	var id ids.ID
	err := q.GetContext(ctx, &id, query, account, token, device, now, expires)
	return id, err
}

func listSessions(ctx context.Context, q db.Q, account ids.ID, now time.Time) ([]Session, error) {
	const query = `select id, device, date_trunc('milliseconds', created_at) as created_at, date_trunc('milliseconds', last_seen_at) as last_seen_at,
			date_trunc('milliseconds', expires_at) as expires_at from sessions
		where account_id = $1 and ended_at is null and expires_at > $2 order by last_seen_at desc, id desc limit 200`
	list := []Session{}
	err := q.SelectContext(ctx, &list, query, account, now)
	return list, err
}

// endSessions ends one session, or with one = 0 all but keep.
func endSessions(ctx context.Context, q db.Q, account, one, keep ids.ID, now time.Time) ([]ids.ID, error) {
	const query = `update sessions set ended_at = $4
		where account_id = $1 and ended_at is null and (id = $2 or $2 = 0 and id <> $3) returning id`
	var ended []ids.ID
	err := q.SelectContext(ctx, &ended, query, account, one, keep, now)
	return ended, err
}

type endedSession struct {
	ID        ids.ID `db:"id"`
	AccountID ids.ID `db:"account_id"`
}

func endSessionOf(ctx context.Context, q db.Q, token []byte, now time.Time) (endedSession, error) {
	const query = `update sessions set ended_at = $2 where token_hash = $1 and ended_at is null returning id, account_id`
	var s endedSession
	err := q.GetContext(ctx, &s, query, token, now)
	return s, err
}

type codeRow struct {
	ID        ids.ID  `db:"id"`
	AccountID *ids.ID `db:"account_id"`
	EmailID   *ids.ID `db:"email_id"`
	Nonce     []byte  `db:"nonce"`
	Tries     int     `db:"tries"`
	Operator  bool    `db:"operator"` // an operator made it: it works in any browser
}

// spent says whether a code takes no more tries. A stranger may not use up the
// operator's five, and guessing one of a million million takes longer than it
// lives.
func (r codeRow) spent() bool { return r.Tries >= codeTries && !r.Operator || r.Tries >= operatorTries }

type newCode struct {
	Browser []byte // its hash; none for an operator's
	Email   string
	Nonce   []byte
	Now     time.Time
	Expires time.Time
}

func insertCode(ctx context.Context, q db.Q, c newCode) (ids.ID, error) {
	const query = `insert into sign_in_codes (browser_hash, email_hash, account_id, email_id, nonce, created_at, expires_at)
		select $1, $2, e.account_id, e.id, $4, $5, $6
		from (select 1) one left join (
			select e.id, e.account_id from account_emails e join accounts a on a.id = e.account_id
			where e.email = $3 and e.ended_at is null and a.suspended_at is null and a.erased_at is null) e on true
		returning id`
	var id ids.ID
	err := q.GetContext(ctx, &id, query, c.Browser, hash(c.Email), c.Email, c.Nonce, c.Now, c.Expires)
	return id, err
}

// lockCodes gives the newest code that this browser asked for, for this
// address, and the newest that an operator made, and holds them, so that two
// tries at once count as two; what one of them used up is looked at again.
func lockCodes(ctx context.Context, q db.Q, browser, emailHash []byte, now time.Time) ([]codeRow, error) {
	const query = `select id, account_id, email_id, nonce, tries, browser_hash is null as operator from sign_in_codes where id in (
			select max(id) from sign_in_codes
			where (browser_hash = $1 or browser_hash is null) and email_hash = $2 and used_at is null and expires_at > $3 group by browser_hash)
		and used_at is null order by id for update`
	var rows []codeRow
	err := q.SelectContext(ctx, &rows, query, browser, emailHash, now)
	return rows, err
}

// countTry counts a wrong try against every code that it was tried on.
func countTry(ctx context.Context, q db.Q, tried []codeRow) error {
	for _, row := range tried {
		if _, err := q.ExecContext(ctx, `update sign_in_codes set tries = tries + 1 where id = $1`, row.ID); err != nil {
			return fmt.Errorf("count try: %w", err)
		}
	}
	return nil
}

// useCodes uses up a code and all that its browser, or the operator, asked
// for before it: an older mail is worth nothing once its reader is in.
func useCodes(ctx context.Context, q db.Q, id ids.ID, now time.Time) error {
	const query = `update sign_in_codes c set used_at = $2 from sign_in_codes used
		where used.id = $1 and c.email_hash = used.email_hash and (c.browser_hash = used.browser_hash or c.browser_hash is null) and c.used_at is null`
	_, err := q.ExecContext(ctx, query, id, now)
	return err
}

// outgoing is what the mail of a code needs.
type outgoing struct {
	Email    string `db:"email"`
	Name     string `db:"name"`
	Language string `db:"language"`
	Nonce    []byte `db:"nonce"`
}

func getOutgoing(ctx context.Context, q db.Q, code ids.ID, now time.Time) (outgoing, error) {
	const query = `select e.email, a.name, a.language, c.nonce from sign_in_codes c
		join account_emails e on e.id = c.email_id join accounts a on a.id = c.account_id
		where c.id = $1 and c.used_at is null and c.expires_at > $2`
	var row outgoing
	err := q.GetContext(ctx, &row, query, code, now)
	return row, err
}

func verifyEmail(ctx context.Context, q db.Q, id ids.ID, now time.Time) error {
	_, err := q.ExecContext(ctx, `update account_emails set verified_at = $2 where id = $1 and verified_at is null`, id, now)
	return err
}

func deleteOldCodes(ctx context.Context, q db.Q, before time.Time) error {
	_, err := q.ExecContext(ctx, `delete from sign_in_codes where expires_at < $1`, before)
	return err
}

func getAccountBySource(ctx context.Context, q db.Q, key string) (ids.ID, error) {
	var id ids.ID
	err := q.GetContext(ctx, &id, `select id from accounts where source_key = $1`, key)
	return id, err
}

// insertRows makes accounts with their addresses, and gives the ids of those
// that were not there yet, by key. An address that somebody has stays theirs.
func insertRows(ctx context.Context, q db.Q, rows []Row) (map[string]ids.ID, error) {
	const query = `with r as (select * from jsonb_to_recordset($1::text::jsonb) as r(key text, name text, email text, site text, language text,
				about text, ask_me_about text[], service_areas text[])),
		fresh as (insert into accounts (name, site_role, language, about, ask_me_about, service_areas, source_key)
			select name, site, language, about, ask_me_about, service_areas, key from r
			on conflict (source_key) do nothing returning id, source_key),
		addresses as (insert into account_emails (account_id, email, primary_since)
			select f.id, r.email, now() from fresh f join r on r.key = f.source_key where r.email <> ''
			on conflict (email) where ended_at is null do nothing)
		select id, source_key from fresh`
	return bySource(ctx, q, query, db.JSON[[]Row]{V: rows})
}

func accountsBySource(ctx context.Context, q db.Q, keys []string) (map[string]ids.ID, error) {
	return bySource(ctx, q, `select id, source_key from accounts where source_key = any($1)`, pq.Array(keys))
}

func bySource(ctx context.Context, q db.Q, query string, arg any) (map[string]ids.ID, error) {
	var rows []struct {
		ID  ids.ID `db:"id"`
		Key string `db:"source_key"`
	}
	err := q.SelectContext(ctx, &rows, query, arg)
	out := make(map[string]ids.ID, len(rows))
	for _, r := range rows {
		out[r.Key] = r.ID
	}
	return out, err
}

// insertPosts fails if an organisation is not known: nobody loses their
// employer in silence.
func insertPosts(ctx context.Context, q db.Q, rows []RowPost) error {
	const query = `with r as (select * from jsonb_to_recordset($1::text::jsonb) as r(account_id bigint, job text, organisation text, starts_on date, ends_on date)),
		unknown as (select r.organisation from r where r.organisation <> '' and not exists (select from organisations o where o.code = r.organisation)),
		stored as (insert into account_posts (account_id, organisation_id, job, starts_on, ends_on)
			select r.account_id, o.id, r.job, r.starts_on, r.ends_on from r left join organisations o on o.code = nullif(r.organisation, ''))
		select distinct organisation from unknown`
	var unknown []string
	if err := q.SelectContext(ctx, &unknown, query, db.JSON[[]RowPost]{V: rows}); err != nil || len(unknown) == 0 {
		return err
	}
	return fmt.Errorf("there are no organisations %v", unknown)
}

// upsertLoadPerson says also whether the person was made just now.
func upsertLoadPerson(ctx context.Context, q db.Q, n int, name string) (ids.ID, bool, error) {
	var id ids.ID
	const insert = `insert into accounts (name, load_number) values ($1, $2) on conflict (load_number) do nothing returning id`
	err := q.GetContext(ctx, &id, insert, name, n)
	if err == nil || !db.NoRows(err) {
		return id, err == nil, err
	}
	err = q.GetContext(ctx, &id, `select id from accounts where load_number = $1`, n)
	return id, false, err
}

// insertAccount makes an account with its address. If somebody has just got
// that address, no account is made and there is no row.
func insertAccount(ctx context.Context, q db.Q, name, email string) (ids.ID, error) {
	const query = `with next as (select nextval(pg_get_serial_sequence('public.accounts', 'id')) as id),
		address as (insert into account_emails (account_id, email, primary_since) select id, $2, now() from next
			on conflict (email) where ended_at is null do nothing returning account_id)
		insert into accounts (id, name) overriding system value select account_id, $1 from address returning id`
	var id ids.ID
	err := q.GetContext(ctx, &id, query, name, email)
	return id, err
}

// findByEmail gives the account that has this address now.
func findByEmail(ctx context.Context, q db.Q, email string) (ids.ID, error) {
	const query = `select e.account_id from account_emails e join accounts a on a.id = e.account_id
		where e.email = $1 and e.ended_at is null and a.erased_at is null`
	var id ids.ID
	err := q.GetContext(ctx, &id, query, email)
	return id, err
}

func setSiteRole(ctx context.Context, q db.Q, account ids.ID, role access.SiteRole) error {
	_, err := q.ExecContext(ctx, `update accounts set site_role = $2 where id = $1`, account, role)
	return err
}

func getMe(ctx context.Context, q db.Q, account ids.ID) (meRow, error) {
	const query = `select a.language, a.time_zone, a.site_role, a.about, a.ask_me_about, a.service_areas, a.version,
			coalesce((select array_agg(e.email order by e.primary_since desc nulls last, e.id) from account_emails e
				where e.account_id = a.id and e.ended_at is null), '{}') as emails
		from accounts a where a.id = $1`
	var row meRow
	err := q.GetContext(ctx, &row, query, account)
	return row, err
}

func updateProfile(ctx context.Context, q db.Q, account ids.ID, in ProfileEdit) (bool, error) {
	const query = `update accounts set name = $2, about = $3, ask_me_about = $4, service_areas = $5, language = $6, time_zone = $7,
			version = version + 1 where id = $1 and version = $8`
	res, err := q.ExecContext(ctx, query, account, in.Name, in.About, pq.Array(in.AskMeAbout), pq.Array(in.ServiceAreas), in.Language, in.TimeZone, in.Version)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func unknownServiceAreas(ctx context.Context, q db.Q, slugs []string) ([]string, error) {
	const query = `select slug from unnest($1::text[]) slug where not exists (select from service_areas a where a.slug = slug.slug)`
	var out []string
	err := q.SelectContext(ctx, &out, query, pq.Array(slugs))
	return out, err
}

type employer struct {
	Current bool `db:"current"`
	MadeUp  bool `db:"made_up"`
}

// getEmployer fails without a row if there is no such organisation.
func getEmployer(ctx context.Context, q db.Q, id ids.ID) (employer, error) {
	var e employer
	err := q.GetContext(ctx, &e, `select current, made_up from organisations where id = $1`, id)
	return e, err
}

type presentPost struct {
	ID             ids.ID  `db:"id"`
	OrganisationID *ids.ID `db:"organisation_id"`
	Job            string  `db:"job"`
	From           *string `db:"starts_on"`
}

// getPresentPost fails without a row if the person has no job on that day.
func getPresentPost(ctx context.Context, q db.Q, account ids.ID, day string) (presentPost, error) {
	const query = `select id, organisation_id, job, to_char(starts_on, 'YYYY-MM-DD') as starts_on from account_posts
		where account_id = $1 and (starts_on is null or starts_on <= $2::date) and (ends_on is null or ends_on >= $2::date)
		order by starts_on desc nulls last, id desc limit 1`
	var p presentPost
	err := q.GetContext(ctx, &p, query, account, day)
	return p, err
}

func updatePost(ctx context.Context, q db.Q, id ids.ID, to newPost) error {
	_, err := q.ExecContext(ctx, `update account_posts set organisation_id = $2, job = $3 where id = $1`, id, to.OrganisationID, to.Job)
	return err
}

func countPosts(ctx context.Context, q db.Q, account ids.ID) (int, error) {
	var n int
	err := q.GetContext(ctx, &n, `select count(*) from account_posts where account_id = $1`, account)
	return n, err
}

func endPosts(ctx context.Context, q db.Q, account ids.ID, on string) error {
	const query = `update account_posts set ends_on = greatest($2::date, starts_on) where account_id = $1 and ends_on is null`
	_, err := q.ExecContext(ctx, query, account, on)
	return err
}

func insertPost(ctx context.Context, q db.Q, account ids.ID, p newPost, from string) error {
	const query = `insert into account_posts (account_id, organisation_id, job, starts_on) values ($1, $2, $3, $4::date)`
	_, err := q.ExecContext(ctx, query, account, p.OrganisationID, p.Job, from)
	return err
}

func listPosts(ctx context.Context, q db.Q, account ids.ID) ([]PostHeld, error) {
	const query = `select p.job, p.organisation_id, coalesce(o.short_name, '') as organisation,
			to_char(p.starts_on, 'YYYY-MM-DD') as starts_on, to_char(p.ends_on, 'YYYY-MM-DD') as ends_on
		from account_posts p left join organisations o on o.id = p.organisation_id
		where p.account_id = $1 order by p.starts_on desc nulls last, p.id desc`
	list := []PostHeld{}
	err := q.SelectContext(ctx, &list, query, account)
	return list, err
}

func selectPerson(ctx context.Context, q db.Q, id ids.ID) (Person, error) {
	const query = `select id, name, job, organisation, organisation_id, former from people where id = $1`
	var p Person
	err := q.GetContext(ctx, &p, query, id)
	return p, err
}

// sharing is true for a person p who is in a space with the reader: nobody
// else can be found. Its argument is the reader's spaces.
const sharing = ` exists (select from memberships m where m.account_id = p.id and m.ended_at is null and m.space_id = any($1))`

func getPerson(ctx context.Context, q db.Q, spaces []int64, id ids.ID) (Profile, error) {
	const query = `select p.id, p.name, p.job, p.organisation, p.organisation_id, p.former, a.about, a.ask_me_about, a.service_areas
		from people p join accounts a on a.id = p.id where p.id = $2 and not p.former and ` + sharing
	var row Profile
	err := q.GetContext(ctx, &row, query, pq.Array(spaces), id)
	return row, err
}

// Search is what a list of people is narrowed by.
type Search struct {
	Text         string
	Organisation ids.ID
	Space        ids.ID // one that the reader is in
	AfterName    string
	AfterID      ids.ID
}

// listed is a person with the name as the list is sorted by it.
type listed struct {
	Person
	Key string `db:"key"`
}

// listPeople finds the accounts of the page by their index and looks up posts
// for those alone, unless words or an organisation are asked for.
func listPeople(ctx context.Context, q db.Q, spaces []int64, by Search, limit int) ([]listed, error) {
	const query = `select p.id, p.name, p.job, p.organisation, p.organisation_id, p.former, page.key
		from (select a.id, lower(a.name) as key from accounts a where a.erased_at is null and (lower(a.name), a.id) > ($4, $5)
				and exists (select from memberships m where m.account_id = a.id and m.ended_at is null and m.space_id = any($1))
				and ($2 = '' and $3 = 0 or exists (select from people p where p.id = a.id and ($3 = 0 or p.organisation_id = $3)
					and ($2 = '' or strpos(public.unaccent(lower(p.name || ' ' || p.job || ' ' || p.organisation)), public.unaccent(lower($2))) > 0
						or exists (select from unnest(a.ask_me_about) topic where strpos(public.unaccent(lower(topic)), public.unaccent(lower($2))) > 0))))
			order by lower(a.name), a.id limit $6) page
		join people p on p.id = page.id order by page.key, p.id`
	list := []listed{}
	err := q.SelectContext(ctx, &list, query, pq.Array(spaces), strings.TrimSpace(by.Text), by.Organisation, by.AfterName, by.AfterID, limit)
	return list, err
}

// findable is a person with the words they are found by.
type findable struct {
	ID           ids.ID         `db:"id"`
	SpaceID      ids.ID         `db:"space_id"`
	At           time.Time      `db:"at"`
	Name         string         `db:"name"`
	Job          string         `db:"job"`
	Organisation string         `db:"organisation"`
	Areas        string         `db:"areas"`
	About        string         `db:"about"`
	AskMeAbout   pq.StringArray `db:"ask_me_about"`
}

// listFindable leaves out who is not in the network.
func listFindable(ctx context.Context, q db.Q, list []ids.ID) ([]findable, error) {
	const query = `select p.id, m.space_id, m.joined_at as at, p.name, p.job, p.organisation, a.about, a.ask_me_about,
			coalesce((select string_agg(v.label, '. ' order by v.sort) from service_areas v where v.slug = any(a.service_areas)), '') as areas
		from people p join accounts a on a.id = p.id join memberships m on m.account_id = p.id and m.ended_at is null
		join spaces s on s.id = m.space_id and s.kind = 'network' where p.id = any($1) and not p.former`
	var rows []findable
	err := q.SelectContext(ctx, &rows, query, pq.Array(ids.Ints(list)))
	return rows, err
}

func listFound(ctx context.Context, q db.Q, spaces []int64, list []ids.ID) ([]findable, error) {
	const query = `select p.id, p.name, p.job, p.organisation, a.about, a.ask_me_about
		from people p join accounts a on a.id = p.id where p.id = any($2) and not p.former and ` + sharing
	var rows []findable
	err := q.SelectContext(ctx, &rows, query, pq.Array(spaces), pq.Array(ids.Ints(list)))
	return rows, err
}

// peopleOf gives those who hold a post there at present.
func peopleOf(ctx context.Context, q db.Q, organisation ids.ID) ([]ids.ID, error) {
	var list []ids.ID
	err := q.SelectContext(ctx, &list, `select id from people where organisation_id = $1`, organisation)
	return list, err
}

// peopleInArea gives those who chose the service area.
func peopleInArea(ctx context.Context, q db.Q, slug string) ([]ids.ID, error) {
	var list []ids.ID
	err := q.SelectContext(ctx, &list, `select id from accounts where $1 = any(service_areas) and erased_at is null`, slug)
	return list, err
}
