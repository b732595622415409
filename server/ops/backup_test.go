package ops_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"guildhall/migrations"
	"guildhall/server/chat"
	"guildhall/server/config"
	"guildhall/server/db"
	"guildhall/server/files"
	"guildhall/server/forum"
	"guildhall/server/ids"
	"guildhall/server/ops"
	"guildhall/server/testkit"
)

type row = map[string]any

// plan is longer than one piece of a backup.
var plan = strings.Repeat("Collect on Tuesdays.\n", 30_000)

// whole is a database and an empty folder for files.
func whole(t *testing.T, d *db.DB) ops.Whole { return ops.Whole{DB: d, Files: folder(t, t.TempDir())} }

func folder(t *testing.T, dir string) *files.Store {
	t.Helper()
	s, err := files.Open(t.Context(), "", filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// lived is a world in which something has been written to every table.
func lived(t *testing.T) (w *testkit.World, room string) {
	t.Helper()
	w = testkit.New(t)
	member, moderator := w.As("member"), w.As("moderator")
	var r chat.Room
	moderator.Post(testkit.Path("/spaces/%v/rooms", w.Space("cohortA")), row{"name": "Kept", "topic": "Ŵy \"quoted\" \\ 🙂"}).Expect(201).JSON(&r)
	room = testkit.Path("/rooms/%v", r.ID)
	var m chat.Message
	member.Post(room+"/messages", row{"clientId": uuid.NewString(), "body": "First\twith a tab,\nlines, \\N and \\. and 'quotes' 🙂"}).Expect(201).JSON(&m)
	member.Patch(testkit.Path("/messages/%v", m.ID), row{"body": "First, edited", "version": 1}).Expect(200)
	member.Post(room+"/messages", row{"clientId": uuid.NewString(), "body": "Second"}).Expect(201).JSON(&m)
	member.Delete(testkit.Path("/messages/%v", m.ID)).Expect(204)
	moderator.Put(room+"/read", row{"seq": 2}).Expect(200)
	var topic forum.Topic
	member.Post(testkit.Path("/spaces/%v/topics", w.Space("cohortA")), row{"clientId": uuid.NewString(), "title": "Bin days", "body": "How?"}).Expect(201).JSON(&topic)
	var p forum.Post
	moderator.Post(testkit.Path("/topics/%v/posts", topic.ID), row{"clientId": uuid.NewString(), "body": "So."}).Expect(201).JSON(&p)
	moderator.Patch(testkit.Path("/posts/%v", p.ID), row{"body": "So, then.", "version": 1}).Expect(200)
	member.Put(testkit.Path("/topics/%v/read", topic.ID), row{"number": 2}).Expect(200)
	var direct chat.Room
	member.Post("/api/conversations", row{"people": []ids.ID{moderator.ID}}).Expect(201).JSON(&direct)
	member.Put(testkit.Path("/rooms/%v/settings", direct.ID), row{"notify": "mentions", "muted": true}).Expect(200)
	var file chat.Upload
	member.Post(testkit.Path("/rooms/%v/attachments", direct.ID), row{"name": "plan.txt", "size": len(plan)}).Expect(201).JSON(&file)
	member.Raw("PUT", testkit.Path("/attachments/%v/content?offset=0", file.ID), "application/octet-stream", []byte(plan)).Expect(200)
	member.Post(testkit.Path("/rooms/%v/messages", direct.ID), row{"clientId": uuid.NewString(), "body": "", "attachments": []ids.ID{file.ID}}).Expect(201)
	w.As("stranger").Post("/api/sign-in", row{"email": member.Email}).Expect(202)
	w.Drain()
	// What no request of today writes, and what is soon gone again.
	for _, statement := range []string{
		`insert into account_posts (account_id, organisation_id, job, starts_on) select a.id, o.id, 'Head of Bins', '2024-02-29' from accounts a, organisations o limit 1`,
		`insert into jobs (kind, payload, run_at, failed_at) values ('nothing', '{"a": null}', 'infinity', now())`,
		`insert into rate_limits values ('somebody', now(), 3) on conflict do nothing`,
		`insert into server_settings (name, value) values ('demo', 'yes')`,
		`insert into search_dirty (kind, id) values ('story', 1) on conflict do nothing`,
		`insert into thread_reads select author_id, id, true, 2 from messages limit 1`,
		`insert into message_drafts select author_id, room_id, 0, 'Not yet', 1, now() from messages limit 1`,
		`insert into scheduled_messages (account_id, room_id, client_id, body, send_at, created_at) select author_id, room_id, gen_random_uuid(), 'Later', now(), now() from messages limit 1`,
		`insert into chat_preferences (account_id, quiet_from, quiet_to) select id, '18:30', '08:00' from accounts limit 1`,
		`insert into message_mentions (message_id, room_id, account_id) select id, room_id, null from messages`,
		`insert into message_reactions select id, '👍', author_id, now() from messages`,
		`insert into search_documents values ('message', 1, null, 1, now(), '{}', to_tsvector('public.gh', 'tŷ'), '', 'null', 't', '', '', '')`,
		`insert into search_documents values ('other', 1, null, 1, now(), '{}', '', '', '{}', 't', '', '', '')`,
		`insert into organisation_successors (organisation_id, successor_id) select min(id), max(id) from organisations on conflict do nothing`,
		`insert into organisation_domains (organisation_id, domain, kind) select min(id), 'bins.example', 'web' from organisations`,
	} {
		if _, err := w.DB.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	return w, room
}

// tables gives a fingerprint of the rows of each table, and of each sequence.
func tables(t *testing.T, d *db.DB) map[string]string {
	t.Helper()
	var names []string
	const query = `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
		and relname <> 'goose_db_version' order by 1`
	if err := d.Select(&names, query); err != nil || len(names) < 30 {
		t.Fatalf("%d tables, %v", len(names), err)
	}
	out := map[string]string{}
	for _, name := range names {
		var print string
		if err := d.Get(&print, `select count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' order by t::text)), '') from "`+name+`" t`); err != nil {
			t.Fatal(err)
		}
		out[name] = print
	}
	var sequences []struct {
		Name string `db:"sequencename"`
		Last int64  `db:"last"`
	}
	if err := d.Select(&sequences, `select sequencename, coalesce(last_value, 0) as last from pg_sequences where sequencename <> 'goose_db_version_id_seq'`); err != nil {
		t.Fatal(err)
	}
	for _, s := range sequences {
		out[s.Name] = fmt.Sprint(s.Last)
	}
	return out
}

func back(t *testing.T, d *db.DB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backup")
	if _, err := ops.Backup(t.Context(), whole(t, d), path, "test", io.Discard); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTheWholeRoundTrip: a lived-in network goes to a file and into another
// database, where every row of every table is the same and life goes on.
func TestTheWholeRoundTrip(t *testing.T) {
	t.Parallel()
	w, room := lived(t)
	path := filepath.Join(t.TempDir(), "backup")
	taken, err := ops.Backup(t.Context(), ops.Whole{DB: w.DB, Files: w.Files}, path, "test", io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info.Mode(), err)
	}
	before := tables(t, w.DB)
	for name, print := range before {
		if strings.HasPrefix(print, "0 ") {
			t.Errorf("table %s is empty and proves nothing", name)
		}
	}
	d, dir := testkit.DB(t), t.TempDir()
	restored, err := ops.Restore(t.Context(), ops.Whole{DB: d, Files: folder(t, dir)}, path, false, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if *restored != *taken || taken.Migration != migrations.Latest() || taken.Files != 1 || taken.Rows < 1000 {
		t.Errorf("taken %+v, restored %+v", taken, restored)
	}
	after := tables(t, d)
	for name, print := range before {
		if after[name] != print {
			t.Errorf("%s: %s before, %s after", name, print, after[name])
		}
	}
	if len(after) != len(before) {
		t.Errorf("%d tables and sequences before, %d after", len(before), len(after))
	}
	if err := ops.CheckDemo(t.Context(), d, false); err == nil || ops.CheckDemo(t.Context(), d, true) != nil {
		t.Error("the mark of the demonstration is lost")
	}
	if _, err := d.Exec(`delete from audit_entries`); err == nil {
		t.Error("the audit log may be deleted: triggers stayed off")
	}
	if _, err := d.Exec(`insert into room_heads (room_id) values (987654)`); !db.Breaks(err, "room_heads_room_fkey") {
		t.Errorf("references are not checked: %v", err)
	}

	other := w.On(d, testkit.Options{Config: func(c *config.Config) { c.Data = dir }})
	member := other.As("member")
	var file ids.ID
	if err := d.Get(&file, `select id from attachments`); err != nil {
		t.Fatal(err)
	}
	if a := member.Get(testkit.Path("/attachments/%v/content", file)).Expect(200); a.Body != plan {
		t.Errorf("the file has %d bytes instead of %d", len(a.Body), len(plan))
	}
	other.As("outsider").Get(testkit.Path("/attachments/%v/content", file)).Problem(404, "not-found")
	var h chat.History
	member.Get(room + "/messages").Expect(200).JSON(&h)
	if len(h.Items) != 2 || h.Items[0].Body != "First, edited" || h.Items[1].DeletedAt == nil || h.Head != 4 {
		t.Errorf("history %+v", h)
	}
	var next chat.Message
	member.Post(room+"/messages", row{"clientId": uuid.NewString(), "body": "Third"}).Expect(201).JSON(&next)
	if next.Seq != 5 {
		t.Errorf("the next message has number %d", next.Seq)
	}
	other.As("outsider").Get(room+"/messages").Problem(404, "not-found")
	var here, there struct {
		Total int
		Items []struct{ ID string }
	}
	const search = "/api/stories?q=housing+repairs"
	w.As("member").Get(search).Expect(200).JSON(&there)
	member.Get(search).Expect(200).JSON(&here)
	if here.Total == 0 || here.Total != there.Total || here.Items[0] != there.Items[0] {
		t.Errorf("search finds %d here and %d there", here.Total, there.Total)
	}
}

// TestABackupIsOneMoment: people go on writing while it is taken.
func TestABackupIsOneMoment(t *testing.T) {
	t.Parallel()
	w, room := lived(t)
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for ctx.Err() == nil {
				w.As("member").Post(room+"/messages", row{"clientId": uuid.NewString(), "body": "On and on"}).Expect(201)
			}
		})
	}
	for range 3 {
		path := back(t, w.DB)
		d := testkit.DB(t)
		if _, err := ops.Restore(t.Context(), whole(t, d), path, false, io.Discard); err != nil {
			t.Fatal(err)
		}
		var wrong int
		const query = `select count(*) from room_heads h where h.last_seq <> (select count(*) from messages m where m.room_id = h.room_id)
			+ (select count(*) from message_changes c where c.room_id = h.room_id)`
		if err := d.Get(&wrong, query); err != nil || wrong != 0 {
			t.Errorf("%d rooms have another head than messages, %v", wrong, err)
		}
	}
	stop()
	writers.Wait()
}

// TestAnOldFileIsBroughtUpToDate: migrations that came later run after it.
func TestAnOldFileIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	old := testkit.DB(t)
	if _, err := old.Exec(`drop schema public cascade; create schema public`); err != nil {
		t.Fatal(err)
	}
	if err := migrations.UpTo(t.Context(), old.DB.DB, migrations.Latest()-1); err != nil {
		t.Fatal(err)
	}
	before, err := migrations.Version(t.Context(), old.DB.DB) // numbers may be left out
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.Exec(`insert into accounts (name) values ('Somebody')`); err != nil {
		t.Fatal(err)
	}
	d := testkit.DB(t)
	s, err := ops.Restore(t.Context(), whole(t, d), back(t, old), false, io.Discard)
	if err != nil || s.Migration != before {
		t.Fatalf("%+v, %v", s, err)
	}
	var name string
	if err := d.Get(&name, `select name from accounts`); err != nil || name != "Somebody" {
		t.Errorf("got %q, %v", name, err)
	}
	if now, err := migrations.Version(t.Context(), d.DB.DB); err != nil || now != migrations.Latest() {
		t.Errorf("the database is at %d, %v", now, err)
	}
}
