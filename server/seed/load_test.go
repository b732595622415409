package seed_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"guildhall/server/chat"
	"guildhall/server/config"
	"guildhall/server/ids"
	"guildhall/server/seed"
	"guildhall/server/testkit"
)

// TestALoadSetIsSound: what is loaded in bulk holds what people's own writing
// holds, goes on by itself, and comes once only.
func TestALoadSetIsSound(t *testing.T) {
	t.Parallel()
	w := testkit.New(t, testkit.Options{Config: func(c *config.Config) { c.Demo = true }})
	size, err := seed.SizeOf("small")
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	fill := func() *seed.Figures {
		t.Helper()
		f, err := seed.Load(context.Background(), w.DB, size, time.Now(), &said)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := fill()
	if f.People != size.People || f.Messages != size.Messages || f.Topics != size.Topics || f.Stories != size.Stories || f.Councils != size.Councils {
		t.Errorf("asked for %+v, told %+v", size, f)
	}
	for query, want := range map[string]int{
		`select count(*) from organisations where code like 'LOAD-%' and made_up`:                                                        f.Councils,
		`select count(*) from accounts where source_key like 'load:%'`:                                                                   f.People,
		`select count(distinct r.space_id) from rooms r where source_key like 'load:%'`:                                                  f.Spaces,
		`select count(*) from rooms where source_key like 'load:%'`:                                                                      f.Rooms,
		`select count(*) from messages m join rooms r on r.id = m.room_id where r.source_key like 'load:%'`:                              f.Messages,
		`select count(*) from topics where source_key like 'load:%'`:                                                                     f.Topics,
		`select count(*) from posts p join topics t on t.id = p.topic_id where t.source_key like 'load:%'`:                               f.Posts,
		`select count(*) from stories where source_id like 'load-%'`:                                                                     f.Stories,
		`select count(*) from search_documents where kind = 'person' and id in (select id from accounts where source_key like 'load:%')`: f.People,
	} {
		if got := count(w, query); got != want {
			t.Errorf("%s gives %d, want %d", query, got, want)
		}
	}
	sound(w)

	before := snapshot(w)
	if again := fill(); again.Messages != f.Messages {
		t.Errorf("loaded again it tells of %+v", again)
	}
	for table, was := range snapshot(w) {
		if before[table] != was {
			t.Errorf("loading again changed %s", table)
		}
	}
	goesOn(w)
}

// goesOn posts into a room that was filled in bulk and reads it by pages and
// by its change feed.
func goesOn(w *testkit.World) {
	t := w.T
	t.Helper()
	var room ids.ID
	if err := w.DB.Get(&room, `select id from rooms where source_key = 'load:group:1:room:1'`); err != nil {
		t.Fatal(err)
	}
	member := signIn(w, "member")
	var list struct{ Items []chat.Message }
	member.Get(testkit.Path("/rooms/%s/messages?limit=60", room)).Expect(200).JSON(&list)
	if len(list.Items) != 60 {
		t.Fatalf("the last 60 messages are %d", len(list.Items))
	}
	head := list.Items[59].Seq
	var posted chat.Message
	member.Post(testkit.Path("/rooms/%s/messages", room), map[string]string{"clientId": ids.NewUUID(), "body": "And one by hand"}).Expect(201).JSON(&posted)
	if posted.Seq != head+1 {
		t.Errorf("after %d comes %d", head, posted.Seq)
	}
	var feed struct {
		Items []chat.Change
		Head  int64
	}
	member.Get(testkit.Path("/rooms/%s/changes?after=%d", room, head-99)).Expect(200).JSON(&feed)
	if len(feed.Items) != 100 || feed.Head != posted.Seq {
		t.Fatalf("the feed has %d changes up to %d, want 100 up to %d", len(feed.Items), feed.Head, posted.Seq)
	}
	for i, c := range feed.Items {
		if c.Seq != head-98+int64(i) {
			t.Fatalf("the feed's change %d has the number %d", i, c.Seq)
		}
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	s, err := seed.SizeOf("large")
	if err != nil || s.People != 10_000 || s.Messages != 1_000_000 || s.Stories != 100_000 {
		t.Errorf("large is %+v (%v)", s, err)
	}
	if _, err := seed.SizeOf("huge"); err == nil || !strings.Contains(err.Error(), "small, medium, large") {
		t.Errorf("an unknown size: %v", err)
	}
}
