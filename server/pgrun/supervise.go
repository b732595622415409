package pgrun

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

const (
	shortestWait = 100 * time.Millisecond
	longestWait  = 10 * time.Second
	// A PostgreSQL that ran this long and then died gets its first restart at
	// once again.
	healthyAfter = time.Minute
)

// errHopeless marks what no further try can heal.
var errHopeless = errors.New("the private PostgreSQL is not started again")

// supervise owns the child: it starts another when one dies, until Stop or
// until trying again is hopeless.
func (s *Server) supervise(c *child) {
	defer close(s.exited)
	defer s.unlock()
	wait := shortestWait
	for {
		s.process.Store(int64(c.pid))
		healthy := time.NewTimer(healthyAfter)
		select {
		case <-s.quit:
			s.process.Store(0)
			s.err = s.end(c, s.hurry)
			return
		case <-c.done:
			s.process.Store(0)
		}
		if !healthy.Stop() {
			wait = shortestWait
		}
		s.log.Error("PostgreSQL ended by itself and is started again", "how", c.how(), "last_words", s.place.lastWords(c.logFrom))
		if c, wait = s.again(wait); c == nil {
			return
		}
	}
}

// again launches until it works. It gives no child when Stop was called, and
// when trying again is hopeless, which s.err then says.
func (s *Server) again(wait time.Duration) (*child, time.Duration) {
	// A start under way is given up as soon as Stop is called.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-s.quit:
			cancel()
		case <-ctx.Done():
		}
	}()
	for {
		select {
		case <-s.quit:
			return nil, wait
		case <-time.After(wait):
		}
		wait = min(2*wait, longestWait)
		c, err := s.relaunch(ctx)
		switch {
		case err == nil:
			s.log.Info("PostgreSQL runs again", "pid", c.pid)
			return c, wait
		case s.stopping():
			return nil, wait
		case errors.Is(err, errHopeless):
			s.err = err
			s.log.Error("PostgreSQL cannot be started again; this needs a person", "error", err)
			return nil, wait
		}
		s.log.Error("PostgreSQL did not start again", "error", err, "next_try_in", wait.String())
	}
}

// relaunch is launch, after a look at whether the folder is still ours to use.
func (s *Server) relaunch(ctx context.Context) (*child, error) {
	major, err := s.place.major()
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("%w: its data in %s is gone; put it back, or restore a backup", errHopeless, s.place.cluster)
	case err != nil:
		return nil, err
	case major != s.programs.major:
		return nil, fmt.Errorf("%w: the data in %s was written by PostgreSQL %d and is now of version %d", errHopeless, s.place.cluster, s.programs.major, major)
	}
	return s.launch(ctx)
}

// end stops the child: fast, then at once, then by force. Committed data is safe
// each way; the later ways only make the next start longer. When hurry is closed
// it goes on to the next way at once.
func (s *Server) end(c *child, hurry <-chan struct{}) error {
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, 5 * time.Second}, {syscall.SIGQUIT, 4 * time.Second}, {syscall.SIGKILL, 3 * time.Second}} {
		if step.signal != syscall.SIGINT {
			s.log.Warn("PostgreSQL is slow to stop; ending it harder", "signal", step.signal.String())
		}
		c.signal(step.signal)
		if step.signal == syscall.SIGKILL {
			hurry = nil
		}
		timer := time.NewTimer(step.wait)
		select {
		case <-c.done:
			timer.Stop()
			return nil
		case <-hurry:
			timer.Stop()
		case <-timer.C:
		}
	}
	return fmt.Errorf("PostgreSQL (process %d) could not be ended", c.pid)
}
