package realtime

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"guildhall/server/access"
	"guildhall/server/clock"
	"guildhall/server/ids"
)

// slowLine takes one batch at a time, when it is let, and notes the deadlines.
type slowLine struct {
	mu    sync.Mutex
	let   chan struct{}
	notes []string
}

func (l *slowLine) note(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notes = append(l.notes, what)
}

func (l *slowLine) within(d time.Duration) { l.note("within " + d.String()) }
func (l *slowLine) write([]byte) error     { l.note("write"); <-l.let; return nil }
func (l *slowLine) heard()                 {}
func (l *slowLine) stop(d time.Duration)   { l.note("stop " + d.String()) }
func (l *slowLine) bye(int, string)        { l.note("bye") }

// TestFarewellIsShort: once the server goes down, what still waits for a slow
// client has one second in all, and no batch of it begins anew.
func TestFarewellIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Deps{
			Log: slog.New(slog.DiscardHandler), Now: clock.System, Bus: NewBus(), Metrics: prometheus.NewRegistry(),
			Reload: func(context.Context, ids.ID) (access.Actor, error) { return access.Actor{}, nil },
		})
		line := &slowLine{let: make(chan struct{})}
		c := newConn(h, line, access.Actor{ID: 1, SessionID: 1})
		for range 3 {
			c.push(packet{bytes: make([]byte, mostPerWrite), frames: 1})
		}
		synctest.Wait() // the first is being written
		c.close(closeRestart, "")
		for range 3 {
			line.let <- struct{}{}
			synctest.Wait()
		}
		c.finish()
		want := []string{"within 10s", "write", "stop 1s", "write", "write", "bye"}
		if !slices.Equal(line.notes, want) {
			t.Errorf("got %v, want %v", line.notes, want)
		}
	})
}
