package realtime

import (
	"context"
	"encoding/json"
	"net"
	"sync"
	"time"
)

// mostPending is how many bytes wait for the next request before the writer
// has to; it stands for what the buffers of a network hold for a socket.
const mostPending = 256 << 10

// poll is one long poll after the other, for networks that hold back what
// comes in pieces. What is written waits for a request, which gets it as a
// numbered batch; the batch is kept until a later request says that it came.
type poll struct {
	mu      sync.Mutex
	changed *sync.Cond
	pending []byte // whole frames
	batch   []byte // the last one given, until it is known to have come
	number  int64  // of that batch
	asked   int    // requests so far: only the last one is answered with frames
	full    bool   // nothing more is taken
	over    bool   // nothing more comes
	absent  *time.Timer
	leave   sync.Once
	gone    chan struct{}
}

func newPoll() *poll {
	p := &poll{gone: make(chan struct{})}
	p.changed = sync.NewCond(&p.mu)
	p.absent = time.AfterFunc(silence, func() { p.stop(0) })
	return p
}

// LiveBatch is the answer to a long poll. The same number as before, without
// frames, says that nothing happened.
type LiveBatch struct {
	Number int64             `json:"number" doc:"Say it as ack in the next request"`
	Frames []json.RawMessage `json:"frames"`
}

// openPoll opens a connection for its first request.
func (h *Hub) openPoll(ctx context.Context) (*poll, error) {
	t, err := h.admit(ctx)
	if err != nil {
		return nil, err
	}
	p := newPoll()
	t.inbox = newInbox(h.now)
	t.inbox.poll = p
	go h.run(t, p, func(c *conn) {
		<-p.gone
		c.close(closeGone, "")
	})
	return p, nil
}

// take waits for frames and gives the next batch, or the last one again if it
// never came. A request of before that still waits gives way.
func (p *poll) take(ack int64, wait time.Duration) (*LiveBatch, error) {
	p.heard()
	defer p.heard() // silence is counted between requests
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	mine := p.asked
	p.changed.Broadcast()
	switch {
	case ack == p.number:
		p.batch = nil
	case ack == p.number-1 && p.batch != nil:
		return p.again(), nil
	default:
		return nil, errOver()
	}
	late := false
	timer := time.AfterFunc(wait, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		late = true
		p.changed.Broadcast()
	})
	defer timer.Stop()
	for len(p.pending) == 0 && !p.over && !late && p.asked == mine {
		p.changed.Wait()
	}
	if len(p.pending) > 0 && p.asked == mine {
		p.number++
		p.batch, p.pending = p.pending, nil
		p.changed.Broadcast()
	}
	if p.asked != mine {
		return &LiveBatch{Number: ack, Frames: []json.RawMessage{}}, nil
	}
	return p.again(), nil
}

// again is the batch that is kept. It needs the lock.
func (p *poll) again() *LiveBatch {
	b := &LiveBatch{Number: p.number, Frames: []json.RawMessage{}}
	eachText(p.batch, func(text []byte) { b.Frames = append(b.Frames, text) })
	return b
}

// within bounds nothing: who asks for nothing is gone by silence, or too slow.
func (p *poll) within(time.Duration) {}

func (p *poll) write(batch []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.pending) >= mostPending && !p.full {
		p.changed.Wait()
	}
	if p.full {
		return net.ErrClosed
	}
	p.put(batch)
	return nil
}

// put needs the lock.
func (p *poll) put(batch []byte) {
	p.pending = append(p.pending, batch...)
	p.changed.Broadcast()
}

func (p *poll) heard() { p.absent.Reset(silence) }

func (p *poll) stop(grace time.Duration) {
	p.leave.Do(func() { close(p.gone) })
	if grace > 0 {
		time.AfterFunc(grace, func() { p.stop(0) })
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.full = true
	p.changed.Broadcast()
}

func (p *poll) bye(code int, reason string) {
	p.absent.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	if code != 0 && code != closeGone {
		p.put(goodbye(code, reason))
	}
	p.full, p.over = true, true
	p.changed.Broadcast()
}
