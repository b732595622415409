package seed_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"guildhall/server/config"
	"guildhall/server/ids"
	"guildhall/server/seed"
	"guildhall/server/testkit"
)

// told is what the files say, read here once more.
type told struct {
	Organisations []struct{ Key, Name string }
	People        []struct {
		Key, Name     string
		PreviousPosts []struct{ Job string }
	}
	Spaces []struct {
		Key, Kind, Name string
		Listed          bool
		Members         map[string]string
	}
	Rooms []struct {
		Key, Space, Name string
		People           []string
		Messages         []written
	}
	Topics []struct {
		Key, Space, Title string
		Posts             []written
	}
	ReadStates []struct {
		Person, Room string
		Unread       int
	}
}

type written struct{ By, Body string }

func read(t *testing.T) (n told) {
	t.Helper()
	file := func(name string, into any) {
		data, err := os.ReadFile("demo/" + name + ".json")
		if err == nil {
			err = json.Unmarshal(data, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	file("organisations", &n.Organisations)
	file("people", &n.People)
	file("spaces", &n.Spaces)
	file("rooms", &n.Rooms)
	file("topics", &n.Topics)
	file("readstates", &n.ReadStates)
	for i, r := range n.Rooms {
		file("messages/"+r.Key, &n.Rooms[i].Messages)
	}
	if len(n.Organisations) < 20 || len(n.People) < 50 || len(n.Topics) < 20 {
		t.Fatal("the files hold less than a network")
	}
	return n
}

// demo is a world with the demonstration in it, beside the usual cast.
func demo(t *testing.T) *testkit.World {
	t.Helper()
	w := testkit.New(t, testkit.Options{Config: func(c *config.Config) { c.Demo = true }})
	load(w)
	return w
}

func load(w *testkit.World) {
	w.T.Helper()
	if err := seed.Demo(context.Background(), w.DB, time.Now().In(w.Config.Zone)); err != nil {
		w.T.Fatal(err)
	}
}

func signIn(w *testkit.World, as string) *testkit.Person {
	w.T.Helper()
	p := w.As("stranger")
	a := p.Post("/api/demo/sign-in", map[string]string{"as": as}).Expect(200)
	for part := range strings.SplitSeq(a.Header.Get("Set-Cookie"), ";") {
		if token, ok := strings.CutPrefix(part, "guildhall="); ok {
			p.Token = token
			return p
		}
	}
	w.T.Fatalf("%s got no session", as)
	return nil
}

func count(w *testkit.World, query string, args ...any) (n int) {
	w.T.Helper()
	if err := w.DB.Get(&n, query, args...); err != nil {
		w.T.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestTheDemoLoadsWhole(t *testing.T) {
	t.Parallel()
	w, n := demo(t), read(t)
	posts, messages, held := 0, 0, 0
	for _, r := range n.Rooms {
		messages += len(r.Messages)
		if got := count(w, `select count(*) from messages m join rooms r on r.id = m.room_id where r.source_key = $1`, "demo:"+r.Key); got != len(r.Messages) {
			t.Errorf("room %s has %d messages, want %d", r.Key, got, len(r.Messages))
		}
	}
	for _, topic := range n.Topics {
		posts += len(topic.Posts)
	}
	for _, p := range n.People {
		held += 1 + len(p.PreviousPosts)
	}
	for query, want := range map[string]int{
		`select count(*) from organisations where made_up`:                                                          len(n.Organisations),
		`select count(*) from accounts where source_key like 'demo:%'`:                                              len(n.People),
		`select count(*) from account_posts`:                                                                        held,
		`select count(*) from account_posts where organisation_id is null`:                                          0,
		`select count(*) from account_posts p join organisations o on o.id = p.organisation_id where not o.made_up`: 0,
		`select count(*) from spaces where source_key like 'demo:%'`:                                                len(n.Spaces), // the Load hall for the network
		`select count(*) from rooms where source_key like 'demo:%'`:                                                 len(n.Rooms) + 1,
		`select count(*) from messages`:                                                                             messages,
		`select count(*) from topics`:                                                                               len(n.Topics),
		`select count(*) from posts`:                                                                                posts,
		`select count(*) from search_documents where kind = 'topic'`:                                                len(n.Topics),
		`select count(*) from search_documents where kind = 'person'`:                                               len(n.People),
		`select count(*) from messages where created_at > now()`:                                                    0,
		`select count(*) from posts where created_at > now()`:                                                       0,
	} {
		if got := count(w, query); got != want {
			t.Errorf("%s gives %d, want %d", query, got, want)
		}
	}
	if count(w, `select count(*) from messages where created_at > now() - interval '12 hours'`) == 0 {
		t.Error("nobody said anything today")
	}
	sound(w)
}

// sound checks what must hold of any network, however it was filled.
func sound(w *testkit.World) {
	w.T.Helper()
	for what, query := range map[string]string{
		"numbers of a room with a gap": `select count(*) from room_heads h where h.last_seq <> (select count(*) from (
			select seq from messages m where m.room_id = h.room_id union select seq from message_changes c where c.room_id = h.room_id) n)
			or h.last_seq <> coalesce((select max(seq) from messages m where m.room_id = h.room_id), 0)`,
		"rooms without a counter":           `select count(*) from rooms r where not exists (select from room_heads h where h.room_id = r.id)`,
		"messages that go back in time":     `select count(*) from (select created_at < lag(created_at) over (partition by room_id order by seq) as back from messages) m where back`,
		"messages of strangers":             `select count(*) from messages m join rooms r on r.id = m.room_id where not exists (select from public.room_role(r.id, m.author_id))`,
		"messages before their author came": `select count(*) from messages m join rooms r on r.id = m.room_id join memberships s on s.space_id = r.space_id and s.account_id = m.author_id where s.joined_at > m.created_at`,
		"marks beyond the last message":     `select count(*) from room_reads d join room_heads h on h.room_id = d.room_id where d.last_read_seq > h.last_seq or d.last_read_seq < 0`,
		"marks of strangers":                `select count(*) from room_reads d join rooms r on r.id = d.room_id where not exists (select from public.room_role(r.id, d.account_id))`,
		"topics whose counters are wrong": `select count(*) from topics t where t.last_number <> (select count(*) from posts p where p.topic_id = t.id)
			or not exists (select from posts p where p.topic_id = t.id and (p.number, p.created_at, p.author_id) = (t.last_number, t.last_post_at, t.last_post_by))`,
		"posts of strangers":           `select count(*) from posts p join topics t on t.id = p.topic_id where not exists (select from memberships s where s.space_id = t.space_id and s.account_id = p.author_id)`,
		"marks beyond the last post":   `select count(*) from topic_reads d join topics t on t.id = d.topic_id where d.last_read_number > t.last_number`,
		"topics that cannot be found":  `select count(*) from topics t where not exists (select from search_documents d where d.kind = 'topic' and d.id = t.id and d.space_id = t.space_id)`,
		"stories that cannot be found": `select count(*) from stories t where not exists (select from search_documents d where d.kind = 'story' and d.id = t.id)`,
		"documents of nothing":         `select count(*) from search_documents d where d.kind = 'story' and not exists (select from stories s where s.id = d.id) or d.kind = 'topic' and not exists (select from topics t where t.id = d.id)`,
		"people in a space and not in the network": `select count(*) from memberships m join spaces s on s.id = m.space_id and s.kind in ('cohort', 'group')
			where not exists (select from memberships n join spaces k on k.id = n.space_id and k.kind = 'network' where n.account_id = m.account_id)`,
	} {
		if got := count(w, query); got != 0 {
			w.T.Errorf("%s: %d", what, got)
		}
	}
}

// TestEverybodySeesTheirOwn: each person signs in, is in their spaces, and has
// read what the files say.
func TestEverybodySeesTheirOwn(t *testing.T) {
	t.Parallel()
	w, n := demo(t), read(t)
	unread := map[string]int{}
	for _, r := range n.ReadStates {
		unread[r.Person+" "+r.Room] = r.Unread
	}
	for _, p := range n.People {
		who := signIn(w, p.Key)
		want, got := map[string]string{}, map[string]string{}
		rooms, seen := map[string]int{}, map[string]int{}
		for _, s := range n.Spaces {
			if role := s.Members[p.Key]; role == "" && !s.Listed && p.Key != "admin" {
				continue
			} else if s.Kind == "network" {
				want[w.Config.Name] = role
			} else {
				want[s.Name] = role
			}
			for _, r := range n.Rooms {
				if r.Space == s.Key && s.Members[p.Key] != "" && (len(r.People) == 0 || slices.Contains(r.People, p.Key)) {
					rooms[r.Name] = unread[p.Key+" "+r.Key]
				}
			}
		}
		if p.Key == "admin" { // sees that the cast's cohorts exist
			want["Cohort A"], want["Cohort B"] = "", ""
		}
		var spaces struct{ Items []struct{ Name, Role string } }
		who.Get("/api/spaces").Expect(200).JSON(&spaces)
		for _, s := range spaces.Items {
			got[s.Name] = s.Role
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s is in %v, want %v", p.Key, got, want)
		}
		var list struct {
			Items []struct {
				Name   string
				Unread int
			}
		}
		who.Get("/api/rooms").Expect(200).JSON(&list)
		for _, r := range list.Items {
			seen[r.Name] = r.Unread
		}
		if fmt.Sprint(seen) != fmt.Sprint(rooms) {
			t.Errorf("%s has not read %v, want %v", p.Key, seen, rooms)
		}
		talking, heard := []int{}, []int{}
		for _, r := range n.Rooms {
			if r.Space == "" && slices.Contains(r.People, p.Key) {
				talking = append(talking, unread[p.Key+" "+r.Key])
			}
		}
		who.Get("/api/conversations").Expect(200).JSON(&list)
		for _, r := range list.Items {
			heard = append(heard, r.Unread)
		}
		slices.Sort(talking)
		slices.Sort(heard)
		if !slices.Equal(talking, heard) {
			t.Errorf("%s has not read %v of their conversations, want %v", p.Key, heard, talking)
		}
	}
}

// TestTheDemoIsFound: every topic by its title, and people by name, by
// those who share a space with them and by nobody else.
func TestTheDemoIsFound(t *testing.T) {
	t.Parallel()
	w, n := demo(t), read(t)
	finds := func(who *testkit.Person, kind, text string) bool {
		var found struct {
			Items []struct{ Kind, Title string }
		}
		who.Get("/api/search?q=" + strings.NewReplacer(" ", "+", "%", "%25", "&", "%26", "+", "%2B", "#", "%23").Replace(text)).Expect(200).JSON(&found)
		for _, thing := range found.Items {
			if thing.Kind == kind && thing.Title == text {
				return true
			}
		}
		return false
	}
	member, hall := signIn(w, "member"), signIn(w, "load-7")
	in := map[string]bool{}
	for _, s := range n.Spaces {
		in[s.Key] = s.Members["member"] != ""
	}
	for _, topic := range n.Topics {
		if got := finds(member, "topic", topic.Title); got != in[topic.Space] {
			t.Errorf("the member finds %q of %s: %t", topic.Title, topic.Space, got)
		}
	}
	for _, p := range n.People[:12] {
		if !finds(member, "person", p.Name) {
			t.Errorf("the member does not find %s", p.Name)
		}
	}
	if finds(hall, "person", n.People[0].Name) || finds(hall, "topic", n.Topics[0].Title) || finds(member, "person", "Load person 7") {
		t.Error("the hall for measuring meets the network")
	}
}

// TestLoadingAgain: nothing comes twice, and what people changed stays.
func TestLoadingAgain(t *testing.T) {
	t.Parallel()
	w := demo(t)
	member := signIn(w, "member")
	var me struct {
		Version int
		Person  struct{ ID ids.ID }
	}
	member.Get("/api/me").Expect(200).JSON(&me)
	member.Patch("/api/me", map[string]any{
		"name": "Margaret O.", "about": "", "askMeAbout": []string{}, "serviceAreas": []string{}, "language": "cy", "timeZone": "", "version": me.Version,
	}).Expect(200)
	var group ids.ID
	if err := w.DB.Get(&group, `select id from spaces where source_key = 'demo:repairs'`); err != nil {
		t.Fatal(err)
	}
	member.Delete(testkit.Path("/spaces/%s/members/%s", group, me.Person.ID))
	var mine ids.ID
	if err := w.DB.Get(&mine, `select min(id) from messages where author_id = $1`, me.Person.ID); err != nil {
		t.Fatal(err)
	}
	member.Delete(testkit.Path("/messages/%s", mine)).Expect(204)
	before := snapshot(w)
	load(w)
	after := snapshot(w)
	for table, was := range before {
		if after[table] != was {
			t.Errorf("loading again changed %s", table)
		}
	}
	if count(w, `select count(*) from memberships where account_id = $1 and space_id = $2 and ended_at is null`, me.Person.ID, group) != 0 {
		t.Error("who left was brought back")
	}
}

// TestWhatIsTakenStays: somebody had the address and the room's name first.
func TestWhatIsTakenStays(t *testing.T) {
	t.Parallel()
	w, n := demo(t), read(t)
	for _, change := range []string{
		`update accounts set source_key = null, name = 'First here' where source_key = 'demo:outsider'`,
		`update rooms set source_key = null where source_key = 'demo:h-damp'`,
	} {
		if _, err := w.DB.Exec(change); err != nil {
			t.Fatal(err)
		}
	}
	load(w)
	if got := count(w, `select count(*) from rooms r left join spaces s on s.id = r.space_id where s.source_key like 'demo:%' or s.kind = 'network' or r.space_id is null`); got != len(n.Rooms)+1 {
		t.Errorf("there are %d rooms, want %d", got, len(n.Rooms)+1)
	}
	const address = `select count(*) from account_emails e join accounts a on a.id = e.account_id where a.name = 'First here' and e.ended_at is null`
	if count(w, address) != 1 {
		t.Error("the address changed hands")
	}
	sound(w)
}

// snapshot is a sum of every row of every table of the network.
func snapshot(w *testkit.World) map[string]string {
	w.T.Helper()
	out := map[string]string{}
	for _, table := range []string{
		"organisations", "organisation_aliases", "organisation_domains", "accounts", "account_emails", "account_posts", "spaces", "memberships", "rooms",
		"room_heads", "room_members", "messages", "message_changes", "room_reads", "topics", "posts", "topic_reads", "search_documents", "search_words", "search_dirty", "jobs",
	} {
		var sum string
		if err := w.DB.Get(&sum, `select count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) from `+table+` t`); err != nil {
			w.T.Fatal(err)
		}
		out[table] = sum
	}
	return out
}
