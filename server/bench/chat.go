package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// The bounds of a run.
const (
	mostMembers    = 20_000
	mostSenders    = 1_000
	mostRate       = 5_000
	mostInFlight   = 1_000
	fastest        = 20_000 // messages a second for which there is room without a rate
	mostDuration   = 10 * time.Minute
	mostDeliveries = 50_000_000

	settle   = 10 * time.Second // without any delivery, after which what is missing is lost
	mostWait = time.Minute      // for the last deliveries
)

// ChatOptions says how much chat there is.
type ChatOptions struct {
	Members  int           // sockets in the room, 1 to 20,000
	Senders  int           // of the members, at most 1,000
	Rate     float64       // messages a second of all senders together, at most 5,000; unused with InFlight
	InFlight int           // if not 0: as fast as it goes, with so many messages unacknowledged, at most 1,000
	Duration time.Duration // of sending, at most 10 minutes
	Room     string        // id of the room; empty is that of the space "Load hall"
}

func (o ChatOptions) check() error {
	switch {
	case o.Members < 1 || o.Members > mostMembers:
		return fmt.Errorf("--members must be 1 to %d", mostMembers)
	case o.Senders < 1 || o.Senders > min(o.Members, mostSenders):
		return fmt.Errorf("--senders must be 1 to %d, and no more than members", mostSenders)
	case o.InFlight < 0 || o.InFlight > mostInFlight:
		return fmt.Errorf("--in-flight must be 1 to %d", mostInFlight)
	case o.InFlight == 0 && (o.Rate <= 0 || o.Rate > mostRate):
		return fmt.Errorf("--rate must be above 0 and at most %d messages a second", mostRate)
	case o.Duration <= 0 || o.Duration > mostDuration:
		return fmt.Errorf("--duration must be above 0 and at most %s", mostDuration)
	case o.messages() < 1:
		return errors.New("not one message falls into this duration at this rate")
	case o.messages()*o.Members > mostDeliveries:
		return fmt.Errorf("%d messages to %d members are more than %d deliveries: choose less", o.messages(), o.Members, mostDeliveries)
	}
	return nil
}

// messages is how many are sent; without a rate, how many may be at most.
func (o ChatOptions) messages() int {
	if o.InFlight > 0 {
		return min(int(fastest*o.Duration.Seconds()), mostDeliveries/o.Members)
	}
	return int(o.Rate * o.Duration.Seconds())
}

// ChatReport is what came of it. Ack and delivery are counted from the moment
// a message was due, so that a sender who is held up hides nothing. Without a
// rate a message is due when one before it was acknowledged.
type ChatReport struct {
	Members         int     `json:"members"`
	Senders         int     `json:"senders"`
	Rate            float64 `json:"rate"`
	InFlight        int     `json:"inFlight,omitempty"` // instead of a rate
	DurationSeconds float64 `json:"durationSeconds"`

	Sent         int `json:"sent"`
	Acknowledged int `json:"acknowledged"`
	Refused      int `json:"refused"` // answered with no, or not at all
	Deliveries   int `json:"deliveries"`
	Lost         int `json:"lost"` // acknowledged, and not received by a socket
	Doubled      int `json:"doubled"`
	OutOfOrder   int `json:"outOfOrder"`
	Closed       int `json:"closed"` // sockets that ended before the run did

	DeliveriesPerSecond float64 `json:"deliveriesPerSecond"`
	Connect             Times   `json:"connect"`
	ConnectSeconds      float64 `json:"connectSeconds"`
	Ack                 Times   `json:"ack"`
	Delivery            Times   `json:"delivery"`

	// What the server says of itself in /metrics; absent when it says nothing.
	ServerMB         float64 `json:"serverMB,omitempty"`
	ServerCPUSeconds float64 `json:"serverCpuSeconds,omitempty"`
}

// Faults says in words what must never happen and did; nil when nothing.
func (r *ChatReport) Faults() error {
	if r.Lost+r.Doubled+r.OutOfOrder > 0 {
		return fmt.Errorf("%d deliveries lost, %d doubled, %d out of order", r.Lost, r.Doubled, r.OutOfOrder)
	}
	return nil
}

// run is one measurement under way.
type run struct {
	client *Client
	o      ChatOptions
	room   string
	head   int64
	mark   string // begins each body, so that nobody else's message counts
	people []*Person
	socks  []*sock
	began  time.Time

	seqs    []atomic.Int64 // number of each message, as first seen; 0 is unknown
	acked   []atomic.Bool
	acks    []uint32 // time of each ack
	refused atomic.Int64
	sent    atomic.Int64
}

// Chat puts members into one room, lets some of them send, and counts what
// each of them receives. What goes on is told to progress.
func Chat(ctx context.Context, c *Client, o ChatOptions, progress io.Writer) (*ChatReport, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n := o.messages()
	r := &run{
		client: c, o: o, room: o.Room, mark: "load " + uuid.NewString() + " ", people: make([]*Person, o.Members), socks: make([]*sock, o.Members),
		seqs: make([]atomic.Int64, n), acked: make([]atomic.Bool, n), acks: make([]uint32, n),
	}
	fmt.Fprintf(progress, "Signing in %d people.\n", o.Members)
	if err := r.signIn(ctx); err != nil {
		return nil, err
	}
	fmt.Fprintf(progress, "Connecting %d sockets.\n", o.Members)
	report := &ChatReport{Members: o.Members, Senders: o.Senders, Rate: o.Rate, InFlight: o.InFlight, DurationSeconds: o.Duration.Seconds()}
	if o.InFlight > 0 {
		report.Rate = 0
	}
	if err := r.connect(ctx, report); err != nil {
		r.hangUp()
		return nil, err
	}
	before := c.cost(ctx)
	if o.InFlight > 0 {
		fmt.Fprintf(progress, "Sending for %s, %d messages at a time.\n", o.Duration, o.InFlight)
	} else {
		fmt.Fprintf(progress, "Sending %d messages in %s.\n", n, o.Duration)
	}
	var reading sync.WaitGroup
	r.began = time.Now() //nolint:forbidigo // it measures real time
	for _, s := range r.socks {
		reading.Go(func() { s.read(r) })
	}
	err := r.send(ctx)
	if err == nil {
		r.awaitDelivery(ctx)
	}
	after := c.cost(ctx)
	r.hangUp()
	reading.Wait()
	if err != nil {
		return nil, err
	}
	if before.known && after.known {
		report.ServerMB, report.ServerCPUSeconds = after.rss/(1<<20), after.cpu-before.cpu
	}
	r.count(report)
	if report.Acknowledged == 0 {
		return nil, errors.New("the server took not one of the messages")
	}
	return report, nil
}

func (r *run) signIn(ctx context.Context) error {
	err := inParallel(r.o.Members, 16, func(i int) (err error) {
		r.people[i], err = r.client.SignIn(ctx, fmt.Sprintf("load-%d", i+1))
		return err
	})
	if err != nil {
		return err
	}
	if r.room == "" {
		if r.room, err = loadHall(ctx, r.people[0]); err != nil {
			return err
		}
	}
	var room struct{ Head int64 }
	if err := r.people[0].Get(ctx, "/api/rooms/"+r.room, &room); err != nil {
		return err
	}
	r.head = room.Head
	return nil
}

// loadHall finds the one room of the space for measuring.
func loadHall(ctx context.Context, p *Person) (string, error) {
	type named struct{ ID, Name string }
	var spaces, rooms struct{ Items []named }
	if err := p.Get(ctx, "/api/spaces", &spaces); err != nil {
		return "", err
	}
	for _, s := range spaces.Items {
		if s.Name != "Load hall" {
			continue
		}
		if err := p.Get(ctx, "/api/spaces/"+s.ID+"/rooms", &rooms); err != nil {
			return "", err
		}
		if len(rooms.Items) > 0 {
			return rooms.Items[0].ID, nil
		}
	}
	return "", errors.New(`there is no space "Load hall" with a room: name another room with --room`)
}

// send lets each sender post its share, each message when it is due.
func (r *run) send(ctx context.Context) error {
	if r.o.InFlight > 0 {
		return r.sendInLoops(ctx)
	}
	return inParallel(r.o.Senders, r.o.Senders, func(sender int) error {
		for n := sender; n < len(r.seqs); n += r.o.Senders {
			due := r.due(n)
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(due - time.Since(r.began)):
			}
			r.sent.Add(1)
			r.post(ctx, sender, n, due)
		}
		return nil
	})
}

// sendInLoops posts one message after the other in as many loops as may be
// unacknowledged, until the time is over.
func (r *run) sendInLoops(ctx context.Context) error {
	return inParallel(r.o.InFlight, r.o.InFlight, func(loop int) error {
		for ctx.Err() == nil {
			now := time.Since(r.began)
			n := int(r.sent.Load())
			if now >= r.o.Duration || n >= len(r.seqs) {
				return nil
			}
			if r.sent.CompareAndSwap(int64(n), int64(n)+1) {
				r.post(ctx, loop%r.o.Senders, n, now)
			}
		}
		return ctx.Err()
	})
}

// post sends one message and notes what the answer says.
func (r *run) post(ctx context.Context, sender, n int, due time.Duration) {
	body := map[string]string{"clientId": uuid.NewString(), "body": fmt.Sprintf("%s%d %d", r.mark, n, due.Microseconds())}
	a, err := r.people[sender].do(ctx, http.MethodPost, "/api/rooms/"+r.room+"/messages", body)
	r.acks[n] = micros(time.Since(r.began) - due)
	var stored struct{ Seq int64 }
	if err != nil || a.status != http.StatusCreated || json.Unmarshal(a.body, &stored) != nil {
		r.refused.Add(1)
		return
	}
	r.acked[n].Store(true)
	r.numbered(n, stored.Seq)
}

func (r *run) due(n int) time.Duration {
	return time.Duration(float64(n) / r.o.Rate * float64(time.Second))
}

// numbered notes the number of a message, and says whether it is the one that
// everybody else was told.
func (r *run) numbered(n int, seq int64) bool {
	return r.seqs[n].CompareAndSwap(0, seq) || r.seqs[n].Load() == seq
}

// awaitDelivery waits until every socket has all that was acknowledged or has
// ended, or until nothing comes any more.
func (r *run) awaitDelivery(ctx context.Context) {
	want := int64(0)
	for n := range r.acked {
		if r.acked[n].Load() {
			want++
		}
	}
	pause := func(d time.Duration) bool {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(d):
			return true
		}
	}
	ctx, cancel := context.WithTimeout(ctx, mostWait)
	defer cancel()
	const look = 20 * time.Millisecond
	before := int64(-1)
	for quiet := time.Duration(0); quiet < settle; quiet += look {
		total, complete := int64(0), true
		for _, s := range r.socks {
			got := s.got.Load()
			total += got
			complete = complete && (got >= want || s.ended.Load())
		}
		if complete {
			break
		}
		if total > before {
			quiet, before = 0, total
		}
		if !pause(look) {
			return
		}
	}
	pause(200 * time.Millisecond) // what comes now comes twice
}

func (r *run) hangUp() {
	for _, s := range r.socks {
		if s != nil {
			s.hangUp()
		}
	}
}

// count adds up what the sockets saw, after they have ended.
func (r *run) count(out *ChatReport) {
	var acks, deliveries []uint32
	for n := range r.acked {
		if r.acked[n].Load() {
			acks = append(acks, r.acks[n])
		}
	}
	var last time.Duration
	for _, s := range r.socks {
		for n := range r.acked {
			if r.acked[n].Load() && !s.has(n) {
				out.Lost++
			}
		}
		out.Doubled += s.doubled
		out.OutOfOrder += s.outOfOrder
		out.Deliveries += len(s.took)
		if s.broke {
			out.Closed++
		}
		last = max(last, s.last)
		deliveries = append(deliveries, s.took...)
	}
	out.Sent = int(r.sent.Load())
	out.Acknowledged, out.Refused = len(acks), int(r.refused.Load())
	out.Ack, out.Delivery = summary(acks), summary(deliveries)
	if last > 0 {
		out.DeliveriesPerSecond = float64(out.Deliveries) / last.Seconds()
	}
}
