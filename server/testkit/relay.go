package testkit

import (
	"net"
	"sync"
	"testing"
)

// Relay is a line between two places that can be cut, or made to swallow
// nothing and say nothing, and healed.
type Relay struct {
	t      testing.TB
	l      net.Listener
	target string

	mu    sync.Mutex
	cond  *sync.Cond
	down  bool
	stuck bool
	conns map[net.Conn]struct{}
}

// NewRelay starts a relay to an address; it is closed with the test.
func NewRelay(t testing.TB, target string) *Relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &Relay{t: t, l: l, target: target, conns: map[net.Conn]struct{}{}}
	r.cond = sync.NewCond(&r.mu)
	go r.accept()
	t.Cleanup(func() { r.Set(true, false); _ = l.Close() })
	return r
}

// Address is where the relay listens.
func (r *Relay) Address() string { return r.l.Addr().String() }

func (r *Relay) accept() {
	for {
		near, err := r.l.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", r.target)
		if err != nil || !r.keep(near, far) {
			_ = near.Close()
			if far != nil {
				_ = far.Close()
			}
			continue
		}
		go r.carry(near, far)
		go r.carry(far, near)
	}
}

func (r *Relay) keep(conns ...net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range conns {
		r.conns[c] = struct{}{}
	}
	return !r.down
}

func (r *Relay) carry(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	for b := make([]byte, 32<<10); ; {
		n, err := from.Read(b)
		r.mu.Lock()
		for r.stuck {
			r.cond.Wait()
		}
		r.mu.Unlock()
		if _, failed := to.Write(b[:n]); err != nil || failed != nil {
			return
		}
	}
}

// Set says whether the line is cut, or holds everything back.
func (r *Relay) Set(down, stuck bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down, r.stuck = down, stuck
	if down {
		for c := range r.conns {
			_ = c.Close()
		}
		clear(r.conns)
	}
	r.cond.Broadcast()
}
