// Package clock tells the time, so that a test can set it.
package clock

import (
	"sync"
	"time"

	_ "time/tzdata" // the binary runs where no zone files are
)

// Clock gives the present instant in UTC.
type Clock func() time.Time

// System is the machine's clock.
func System() time.Time { return time.Now().UTC() }

// Fake is a clock that moves only when told to. It is safe for many
// goroutines at once.
type Fake struct {
	mu  sync.Mutex
	now time.Time
}

// NewFake starts a fake clock at t.
func NewFake(t time.Time) *Fake { return &Fake{now: t.UTC()} }

// Now is the Fake's time.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Pass moves the time on by d.
func (f *Fake) Pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}
