package seed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"guildhall/server/access"
	"guildhall/server/accounts"
	"guildhall/server/chat"
	"guildhall/server/clock"
	"guildhall/server/db"
	"guildhall/server/forum"
	"guildhall/server/ids"
	"guildhall/server/library"
	"guildhall/server/orgs"
	"guildhall/server/spaces"
)

// span is how long the load set's people have been talking.
const span = 2 * 365 * 24 * time.Hour

// Figures is what a load set holds and how long each part took.
type Figures struct {
	Councils, People, Spaces, Rooms, Messages, Topics, Posts, Stories int

	ForPeople, ForTalk, ForStories, Took time.Duration
}

// Load fills a network for measuring, beside the demonstration, whose people
// can sign in: they are in the network and in the first group of the load set.
// Loading again goes on where it was broken off and adds nothing twice.
// progress gets a line every few seconds.
func Load(ctx context.Context, d *db.DB, size Size, now time.Time, progress io.Writer) (*Figures, error) {
	if err := Demo(ctx, d, now); err != nil {
		return nil, err
	}
	n, err := readFiles()
	if err != nil {
		return nil, err
	}
	b := &bulk{db: d, size: size, talk: newTalk(n), begun: now.Add(-span).Truncate(time.Hour), now: now}
	started := clock.System()
	stop := b.report(progress)
	defer stop()
	if err := b.loadPeople(ctx); err != nil {
		return nil, fmt.Errorf("load people: %w", err)
	}
	b.figures.ForPeople = clock.System().Sub(started)
	if err := b.loadWords(ctx); err != nil {
		return nil, err
	}
	stop()
	fmt.Fprintln(progress, "Looking over the tables, so that questions are planned well")
	if err := d.Analyse(ctx); err != nil {
		return nil, err
	}
	b.figures.Took = clock.System().Sub(started)
	return b.total(), nil
}

// bulk knows what has been loaded.
type bulk struct {
	db         *db.DB
	size       Size
	talk       *talk
	begun, now time.Time
	places     []*hall
	figures    Figures

	people, messages, posts, topics, stories atomic.Int64
}

// hall is a space of the load set with those in it.
type hall struct {
	key, name string
	kind      spaces.Kind
	number    uint64 // of the spaces of the set
	id        ids.ID
	members   []ids.ID
	rooms     int
	weight    float64 // how much is said there
}

// report writes how far the loading is, until the function it gives is
// called, which may be more than once.
func (b *bulk) report(to io.Writer) func() {
	done, ended := make(chan struct{}), make(chan struct{})
	started := clock.System()
	go func() {
		defer close(ended)
		tick := time.NewTicker(5 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				fmt.Fprintf(to, "%4.0f s: %d of %d people, %d of %d messages, %d of %d topics, %d of %d stories\n", clock.System().Sub(started).Seconds(),
					b.people.Load(), b.size.People, b.messages.Load(), b.size.Messages, b.topics.Load(), b.size.Topics, b.stories.Load(), b.size.Stories)
			}
		}
	}()
	var once sync.Once
	return func() { once.Do(func() { close(done); <-ended }) }
}

func (b *bulk) total() *Figures {
	f := b.figures
	f.Councils, f.People, f.Spaces = b.size.Councils, b.size.People, len(b.places)
	for _, h := range b.places {
		f.Rooms += h.rooms
	}
	f.Messages, f.Topics, f.Posts, f.Stories = int(b.messages.Load()), int(b.topics.Load()), int(b.posts.Load()), int(b.stories.Load())
	return &f
}

// loadPeople brings in councils, people and spaces.
func (b *bulk) loadPeople(ctx context.Context) error {
	err := b.db.Tx(ctx, func(tx *db.Tx) error { return orgs.Load(ctx, tx, orgs.Made(b.size.Councils)) })
	if err != nil {
		return err
	}
	people := make([]ids.ID, 0, b.size.People)
	for len(people) < b.size.People {
		rows := make([]accounts.Row, min(1000, b.size.People-len(people)))
		for i := range rows {
			rows[i] = b.talk.person(len(people)+i, b.size)
		}
		err := b.db.Tx(ctx, func(tx *db.Tx) error {
			known, err := accounts.Load(ctx, tx, rows)
			for _, r := range rows {
				people = append(people, known[r.Key])
			}
			return err
		})
		if err != nil {
			return err
		}
		b.people.Store(int64(len(people)))
	}
	return b.loadSpaces(ctx, people)
}

const cohort = 30 // people of one intake

// loadSpaces puts everybody into the network, into a cohort, and some into
// groups.
func (b *bulk) loadSpaces(ctx context.Context, people []ids.ID) error {
	b.places = []*hall{{key: "load:network", kind: spaces.Network, members: people, rooms: 4, weight: 150}}
	for n := range b.size.Groups {
		draw, h := draws(drawGroup, uint64(n)), &hall{key: fmt.Sprintf("load:group:%d", n+1), name: fmt.Sprintf("Load group %d", n+1), kind: spaces.Group, rooms: 2, weight: 8}
		for _, at := range draw.Perm(len(people))[:max(len(people)/40, 10)] {
			h.members = append(h.members, people[at])
		}
		b.places = append(b.places, h)
	}
	for n := 0; n*cohort < len(people); n++ {
		b.places = append(b.places, &hall{
			key: fmt.Sprintf("load:cohort:%d", n+1), name: fmt.Sprintf("Load cohort %d", n+1), kind: spaces.Cohort, rooms: 3, weight: 1,
			members: people[n*cohort : min((n+1)*cohort, len(people))],
		})
	}
	return b.db.Tx(ctx, func(tx *db.Tx) error {
		guests, err := b.guests(ctx, tx)
		if err != nil {
			return err
		}
		rows := make([]spaces.Row, len(b.places))
		for i, h := range b.places {
			h.number = uint64(i)
			rows[i] = spaces.Row{Key: h.key, Kind: h.kind, Name: h.name, Members: map[ids.ID]access.Role{}, Joined: b.begun}
			for at, id := range h.members {
				rows[i].Members[id] = access.Member
				if at == 0 && h.kind != spaces.Network {
					rows[i].Members[id] = access.Moderator
				}
			}
			if i == 1 {
				for _, id := range guests {
					rows[i].Members[id] = access.Member
				}
			}
		}
		known, err := spaces.Load(ctx, tx, rows)
		for _, h := range b.places {
			h.id = known[h.key]
		}
		return err
	})
}

// guests are the people by whose names one signs in to the demonstration.
func (b *bulk) guests(ctx context.Context, tx *db.Tx) ([]ids.ID, error) {
	known, err := accounts.Load(ctx, tx, b.talk.network.people())
	var out []ids.ID
	for _, name := range []string{"admin", "moderator", "facilitator", "member", "outsider"} {
		out = append(out, known[key(name)])
	}
	return out, err
}

// loadWords brings in what was said and the stories, side by side: one waits
// for the database while the other prepares.
func (b *bulk) loadWords(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	started := clock.System()
	talked := make(chan error, 1)
	go func() {
		err := b.loadTalk(ctx)
		if err != nil {
			cancel() // the stories need not go on
		}
		b.figures.ForTalk = clock.System().Sub(started)
		talked <- err
	}()
	err := b.loadStories(ctx)
	if err != nil {
		cancel()
		err = fmt.Errorf("load stories: %w", err)
	}
	b.figures.ForStories = clock.System().Sub(started)
	return errors.Join(<-talked, err)
}

func (b *bulk) loadTalk(ctx context.Context) error {
	weights := make([]float64, len(b.places))
	for i, h := range b.places {
		weights[i] = h.weight
	}
	messages, topics := share(b.size.Messages, weights), share(b.size.Topics, weights)
	for i, h := range b.places {
		if err := b.loadRooms(ctx, h, messages[i]); err != nil {
			return fmt.Errorf("load rooms of %s: %w", h.key, err)
		}
		for from := 0; from < topics[i]; from += 50 {
			if err := b.loadTopics(ctx, h, from, min(from+50, topics[i])); err != nil {
				return fmt.Errorf("load topics of %s: %w", h.key, err)
			}
		}
	}
	return nil
}

// loadRooms fills the rooms of a space: half of it is said in the first one.
func (b *bulk) loadRooms(ctx context.Context, h *hall, messages int) error {
	weights := make([]float64, h.rooms)
	for i := range weights {
		weights[i] = 1 / float64(int(1)<<i)
	}
	for i, n := range share(messages, weights) {
		row := chat.Row{
			Key: fmt.Sprintf("%s:room:%d", h.key, i+1), SpaceID: h.id, Name: fmt.Sprintf("Load room %d", i+1), Topic: "For measuring",
			CreatedAt: b.begun, Messages: make([]chat.Said, n), Read: make(map[ids.ID]int64, len(h.members)),
		}
		draw := draws(drawRoom, h.number<<8|uint64(i))
		at := spread(draw, b.begun, b.now, n)
		for m := range row.Messages {
			row.Messages[m] = chat.Said{Author: speaker(draw, h.members), At: at(m), Body: b.talk.say(draw, 3)}
		}
		for _, id := range h.members {
			row.Read[id] = max(0, int64(n-draw.IntN(20)))
		}
		if err := b.db.Tx(ctx, func(tx *db.Tx) error { return chat.Load(ctx, tx, []chat.Row{row}) }); err != nil {
			return err
		}
		b.messages.Add(int64(n))
	}
	return nil
}

// longest is how many posts the first topic of a space has; the others have
// ten on average.
const longest = 200

func (b *bulk) loadTopics(ctx context.Context, h *hall, from, to int) error {
	rows := make([]forum.Row, 0, to-from)
	posts := 0
	for i := from; i < to; i++ {
		draw := draws(drawTopic, h.number<<16|uint64(i))
		n := 1 + draw.IntN(19)
		if i == 0 {
			n = longest
		}
		row := forum.Row{SourceKey: fmt.Sprintf("%s:topic:%d", h.key, i+1), SpaceID: h.id, Title: title(b.talk.say(draw, 1)), Pinned: i == 0, Read: map[ids.ID]int64{}}
		at := spread(draw, b.begun, b.now, n)
		for p := range n {
			row.Posts = append(row.Posts, forum.RowPost{AuthorID: speaker(draw, h.members), At: at(p), Body: b.talk.say(draw, 6)})
		}
		for _, id := range h.members[:min(len(h.members), 100)] {
			row.Read[id] = int64(n - draw.IntN(min(n, 3)))
		}
		rows, posts = append(rows, row), posts+n
	}
	if err := b.db.Tx(ctx, func(tx *db.Tx) error { return forum.Load(ctx, tx, rows) }); err != nil {
		return err
	}
	b.topics.Add(int64(len(rows)))
	b.posts.Add(int64(posts))
	return nil
}

// title keeps a sentence within what a title may have.
func title(s string) string {
	if rs := []rune(s); len(rs) > 120 {
		return string(rs[:120])
	}
	return s
}

func (b *bulk) loadStories(ctx context.Context) error {
	real, err := library.Stories()
	if err != nil {
		return err
	}
	areas, err := orgs.Areas()
	if err != nil {
		return err
	}
	var slugs []string
	for _, a := range areas {
		if a.Level == 2 {
			slugs = append(slugs, a.Slug)
		}
	}
	made := library.NewMade(real, slugs, b.size.Councils)
	for n := 0; n < b.size.Stories; {
		rows := make([]library.Row, min(500, b.size.Stories-n))
		for i := range rows {
			rows[i] = made.Story(n + i)
		}
		if err := b.db.Tx(ctx, func(tx *db.Tx) error { return library.Load(ctx, tx, rows) }); err != nil {
			return err
		}
		n += len(rows)
		b.stories.Store(int64(n))
	}
	return nil
}
