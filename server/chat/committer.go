package chat

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/problem"
)

const (
	mostQueued = 4096 // posts that wait for one committer; full means "try later"
	mostBatch  = 256  // posts in one transaction
	mostTries  = 3    // of a batch that met a deadlock

	// A room that is locked longer than a few commits take is held by a node
	// that is frozen. The others' rooms must not wait for it.
	lockWait = 2 * time.Second
)

// post is one message on its way to the disk.
type post struct {
	spaceID ids.ID
	message Message
	calls   calls
	files   []ids.ID // uploads that go with it

	confirmRoom bool // the author knows how many @room calls

	err   error
	same  *post // an equal post in the same batch, which stands for this one
	again bool  // it was stored before: nothing is told
	done  chan error
}

// committer stores messages. While one transaction runs the next posts
// gather; an idle room commits one at once and a busy one many together. There
// is no timer, so nothing ever waits for company.
type committer struct {
	service *Service
	queue   chan *post
	metrics *commitMetrics
	mu      sync.RWMutex
	closed  bool
	ended   chan struct{}
	open    context.Context // ends when what is not stored yet is given up
	giveUp  context.CancelFunc
}

func startCommitter(s *Service, m *commitMetrics) *committer {
	c := &committer{service: s, queue: make(chan *post, mostQueued), metrics: m, ended: make(chan struct{})}
	c.open, c.giveUp = context.WithCancel(context.Background())
	go c.run()
	return c
}

// commit queues a post and waits until it is stored. If the caller gives up,
// the message may still be stored: sending it again then finds it.
func (c *committer) commit(ctx context.Context, p *post) error {
	if !c.enqueue(p) {
		return problem.Unavailable(time.Second)
	}
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *committer) enqueue(p *post) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return false
	}
	select {
	case c.queue <- p:
		return true
	default:
		c.metrics.refused.Inc()
		return false
	}
}

// stop takes no more posts.
func (c *committer) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.closed = true
		close(c.queue)
	}
}

// wait returns when all posts are stored, or soon after ctx ended.
func (c *committer) wait(ctx context.Context) error {
	defer c.giveUp()
	select {
	case <-c.ended:
		return nil
	case <-ctx.Done():
	}
	c.giveUp()
	select {
	case <-c.ended:
	case <-time.After(time.Second): // the database does not even hear that it should stop
	}
	return ctx.Err()
}

func (c *committer) run() {
	defer close(c.ended)
	for first := range c.queue {
		batch := append(make([]*post, 0, 16), first)
	gather:
		for len(batch) < mostBatch {
			select {
			case p, open := <-c.queue:
				if !open {
					break gather
				}
				batch = append(batch, p)
			default:
				break gather
			}
		}
		c.metrics.size.Observe(float64(len(batch)))
		c.store(batch)
	}
}

// store writes a batch, and room by room and then one by one if it fails as a
// whole, so that one bad message never sinks its neighbours.
func (c *committer) store(batch []*post) {
	err := c.try(batch)
	for n := 1; n < mostTries && err != nil && db.Retryable(err); n++ {
		err = c.try(batch)
	}
	parts := apart(batch)
	switch {
	case err == nil:
		return
	case c.open.Err() != nil, db.Locked(err) && oneRoom(batch):
		err = problem.Unavailable(time.Second).Because(err)
	case len(parts) > 1 && !db.Gone(err):
		c.service.log.Warn("a batch of messages failed; it is stored in parts", "messages", len(batch), "parts", len(parts), "error", err)
		for _, part := range parts {
			c.store(part)
		}
		return
	}
	for _, p := range batch {
		p.done <- fmt.Errorf("store message: %w", err)
	}
}

// apart divides a batch by its rooms, and what is of one room into single posts.
func apart(batch []*post) (parts [][]*post) {
	if oneRoom(batch) {
		return slices.Collect(slices.Chunk(batch, 1))
	}
	place := map[ids.ID]int{}
	for _, p := range batch {
		at, known := place[p.message.RoomID]
		if !known {
			at = len(parts)
			place[p.message.RoomID] = at
			parts = append(parts, nil)
		}
		parts[at] = append(parts[at], p)
	}
	return parts
}

func oneRoom(batch []*post) bool { return len(roomsOf(batch)) == 1 }

// try runs one transaction. The senders are answered after the commit and
// before anybody is told.
func (c *committer) try(batch []*post) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	// A sender who gives up must not take the neighbours down.
	ctx, cancel := context.WithTimeout(c.open, 10*time.Second)
	defer cancel()
	for _, p := range batch {
		p.err, p.same, p.again = nil, nil, false
	}
	return c.service.db.Tx(ctx, func(tx *db.Tx) error {
		if err := number(ctx, tx, batch, c.service.now()); err != nil {
			return err
		}
		for _, p := range batch {
			if p.err == nil && p.same == nil && !p.again {
				events.Emit(ctx, tx, events.MessagePosted{
					RoomID: p.message.RoomID, SpaceID: p.spaceID, MessageID: p.message.ID, Seq: p.message.Seq, Of: p.message.of(),
					Frame: frame("message", p.message, p.message.Seq),
				})
			}
		}
		tx.After(func() {
			for _, p := range batch {
				if p.same != nil {
					p.message, p.err = p.same.message, p.same.err
				}
			}
			for _, p := range batch { // from here on each post is its sender's
				p.done <- p.err
			}
		})
		return nil
	})
}

// number gives each new post the next number of its room and stores it, in
// their order. Rights are checked here, at commit; what was stored before and
// what is refused are taken out before anything is numbered, so that no number
// is lost.
func number(ctx context.Context, tx *db.Tx, batch []*post, now time.Time) error {
	heads, err := lockHeads(ctx, tx, roomsOf(batch))
	if err != nil {
		return fmt.Errorf("lock rooms: %w", err)
	}
	checks, err := checkPosts(ctx, tx, batch, now)
	if err != nil {
		return fmt.Errorf("check posts: %w", err)
	}
	forwards, err := checkForwards(ctx, tx, batch)
	if err != nil {
		return err
	}
	taken, err := attach(ctx, tx, batch)
	if err != nil {
		return err
	}
	threads, err := rootsOf(ctx, tx, batch)
	if err != nil {
		return fmt.Errorf("load threads: %w", err)
	}
	type key struct {
		room, author ids.ID
		client       string
	}
	first := map[key]*post{}
	var fresh []*post
	for i, p := range batch {
		k := key{p.message.RoomID, p.message.Author.ID, p.message.ClientID}
		against := grounds{checks[i], first[k], threads, forwards[i], taken}
		if p.err = against.refusal(p); p.err != nil {
			continue
		}
		switch {
		case against.check.Stored != nil:
			if err := found(ctx, tx, p, *against.check.Stored); err != nil {
				return err
			}
		case against.same != nil:
			p.same = against.same
		default:
			if f := against.forward.Source; f != nil {
				p.message.ForwardOf = *f
			}
			first[k] = p
			heads[p.message.RoomID]++
			p.message.Seq = heads[p.message.RoomID]
			p.message.CreatedAt = now.Truncate(time.Millisecond)
			fresh = append(fresh, p)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := insertMessages(ctx, tx, fresh, heads); err != nil {
		return err
	}
	if err := updateSent(ctx, tx, fresh); err != nil {
		return err
	}
	if err := storeForwards(ctx, tx, fresh); err != nil {
		return err
	}
	if err := storeCalls(ctx, tx, fresh); err != nil {
		return err
	}
	return threads.grow(ctx, tx, fresh)
}

// grounds is what one post is judged by.
type grounds struct {
	check   check
	same    *post // the one of its client id that stands before it in the batch, nil if none
	threads roots
	forward forward
	taken   func(*post) bool
}

// refusal says why a post is not to be had, nil if it is. The order is a
// promise to whoever sends again after an answer that was lost:
//
//  1. Who has no business in the room learns nothing, not even what they once
//     said there.
//  2. What is stored is stored: the same message again is found, whatever has
//     been closed, muted, deleted or taken away since. Other words under its
//     client id are refused.
//  3. Only a new message meets what may be against it, from the room down to
//     the parts: closed or muted, the thread, @room, what is passed on, and the
//     files last, since asking for them takes them.
func (g grounds) refusal(p *post) error {
	if outside := g.check.outside("room"); outside != nil {
		return outside
	}
	if g.check.Stored != nil || g.same != nil {
		return g.reused(p)
	}
	if refused := g.check.refusal("room"); refused != nil {
		return refused
	}
	if refused := g.threads.refusal(p, g.check.FromSeq); refused != nil {
		return refused
	}
	if refused := p.calls.refusal(g.check, p.confirmRoom); refused != nil {
		return refused
	}
	if p.message.ForwardOf != 0 {
		if refused := g.forward.refusal(); refused != nil {
			return refused
		}
	}
	if !g.taken(p) {
		return errFilesGone
	}
	return nil
}

// reused says whether the post is another one than that of its client id. A
// deleted message has lost what it could be compared by, and stands for all.
func (g grounds) reused(p *post) error {
	other := g.same != nil && (g.same.message.Body != p.message.Body || !slices.Equal(g.same.files, p.files))
	if g.check.Stored != nil {
		other = !g.check.StoredDeleted && *g.check.StoredBody != p.message.Body
	}
	if other {
		return errReused
	}
	return nil
}

// found gives a post the message that was stored for it before.
func found(ctx context.Context, tx *db.Tx, p *post, id ids.ID) (err error) {
	if p.message, err = getMessage(ctx, tx, id); err != nil {
		return fmt.Errorf("load first message: %w", err)
	}
	p.again = true
	if !sameFiles(&p.message, p.files) {
		p.err = errReused
	}
	return nil
}

var errReused = problem.Conflict("client-id-reused", "This client id already belongs to something else.")

// outside says why the author has no business there, nil if they have. To
// somebody who is not in the space the thing does not exist.
func (c check) outside(thing string) error {
	switch {
	case !c.Member:
		return problem.NotFound(thing)
	case !c.Allowed:
		return problem.Forbidden()
	}
	return nil
}

var errArchived = problem.Conflict("room-archived", "This room is closed.")

// refusal says why the author may not write now, nil if they may.
func (c check) refusal(thing string) error {
	switch outside := c.outside(thing); {
	case outside != nil:
		return outside
	case c.Archived:
		return errArchived
	case c.Muted:
		return problem.New(403, "muted", "You are muted", "A moderator has muted you here for a while.")
	}
	return nil
}

func roomsOf(batch []*post) []int64 {
	seen := map[ids.ID]bool{}
	out := []int64{}
	for _, p := range batch {
		if id := p.message.RoomID; !seen[id] {
			seen[id] = true
			out = append(out, int64(id))
		}
	}
	return out
}

type commitMetrics struct {
	size    prometheus.Histogram
	refused prometheus.Counter
}

func newCommitMetrics(r prometheus.Registerer) *commitMetrics {
	m := &commitMetrics{
		size:    prometheus.NewHistogram(prometheus.HistogramOpts{Name: "guildhall_chat_batch_messages", Help: "Messages in one transaction.", Buckets: prometheus.ExponentialBuckets(1, 2, 9)}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{Name: "guildhall_chat_refused_total", Help: "Messages refused because too many were waiting."}),
	}
	r.MustRegister(m.size, m.refused)
	return m
}
