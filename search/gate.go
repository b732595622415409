package search

import (
	"context"
	"sync"

	"guildhall/server/ids"
)

const (
	mostAtOnce = 4 // searches under way on this node: each holds a connection and a core
	mostEach   = 2 // of them by one person
)

// gate lets few searches in at a time and no person take them all, so that
// somebody who asks for very much at once waits for themselves and not the
// others for them.
type gate struct {
	mu      sync.Mutex
	busy    int
	each    map[ids.ID]int
	changed chan struct{} // closed when somebody leaves
}

func newGate() *gate {
	return &gate{each: map[ids.ID]int{}, changed: make(chan struct{})}
}

// enter waits for a place until ctx ends. Whoever came in must leave.
func (g *gate) enter(ctx context.Context, who ids.ID) error {
	for {
		g.mu.Lock()
		if g.busy < mostAtOnce && g.each[who] < mostEach {
			g.busy++
			g.each[who]++
			g.mu.Unlock()
			return nil
		}
		changed := g.changed
		g.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (g *gate) leave(who ids.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.busy--
	if g.each[who]--; g.each[who] == 0 {
		delete(g.each, who)
	}
	close(g.changed)
	g.changed = make(chan struct{})
}
