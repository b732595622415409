// Package pgrun runs a private PostgreSQL for people who have set none up: it
// finds the programs, makes the cluster, starts it on a Unix socket that nobody
// else can open, starts it again when it dies, and ends it with the server.
//
// What it promises: no TCP port; never a PostgreSQL that runs as root; never
// two on one folder; a folder that is written by one major version is never
// opened, changed or removed by another; after kill -9 of the server, of
// PostgreSQL or of both, the next start works and finds all that was committed.
package pgrun

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// Oldest is the oldest major version of PostgreSQL that is used.
const Oldest = 15

// The cluster knows one role and one database of ours.
const name = "guildhall"

// Options say where the private PostgreSQL lives and how it runs.
type Options struct {
	// Dir is the folder of the cluster, its socket, its lock and its log; it is
	// made when it is not there.
	Dir string
	// Bin is the folder of PostgreSQL's programs. When it is set no other is
	// looked at; when it is empty they are searched for.
	Bin string
	// Log gets starts, ends and what went wrong; never a statement or a value.
	Log *slog.Logger
	// Settings are PostgreSQL settings that win over the ones used here, such as
	// fsync=off for tests.
	Settings map[string]string
}

// Server is a running private PostgreSQL.
type Server struct {
	log      *slog.Logger
	settings map[string]string
	place    place
	account  account
	programs programs
	lock     *os.File

	quit    chan struct{}   // closed by the first Stop
	hurry   <-chan struct{} // the first Stop's context; set before quit is closed
	exited  chan struct{}
	stop    sync.Once
	err     error // why it gave up; set before exited is closed
	process atomic.Int64
}

// Start makes the cluster if there is none, starts PostgreSQL on it and returns
// when it answers. Every error is a sentence for the person who started the
// program. The context limits the start only; end what was started with Stop.
func Start(ctx context.Context, o Options) (*Server, error) {
	if !supported {
		return nil, fmt.Errorf("a private PostgreSQL does not run on this operating system: set DATABASE_URL to use a server of your own")
	}
	s := &Server{
		log:      o.Log,
		settings: o.Settings,
		quit:     make(chan struct{}),
		exited:   make(chan struct{}),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := s.prepare(ctx, o); err != nil {
		s.unlock()
		return nil, err
	}
	child, err := s.launch(ctx)
	if err != nil {
		s.unlock()
		return nil, err
	}
	s.process.Store(int64(child.pid))
	go s.supervise(child)
	return s, nil
}

// prepare takes the folder, finds the programs and makes the cluster.
func (s *Server) prepare(ctx context.Context, o Options) error {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return fmt.Errorf("the folder of the private PostgreSQL: %w", err)
	}
	if err := makeFolders(dir); err != nil {
		return err
	}
	// One name for one folder, so that an orphan is known again by its arguments.
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return fmt.Errorf("the folder of the private PostgreSQL: %w", err)
	}
	if s.lock, err = lockFolder(dir); err != nil {
		return err
	}
	if s.account, err = chooseAccount(filepath.Join(dir, "cluster")); err != nil {
		return err
	}
	if err := s.account.canReach(dir); err != nil {
		return err
	}
	if s.place, err = newPlace(dir, s.account); err != nil {
		return err
	}
	if s.programs, err = s.choose(ctx, o.Bin); err != nil {
		return err
	}
	if err := s.place.writeAccess(); err != nil {
		return err
	}
	if s.place.exists() {
		return nil
	}
	s.log.Info("making a private PostgreSQL", "folder", dir, "version", s.programs.version, "account", s.account.name)
	return s.initdb(ctx)
}

// DSN is how lib/pq reaches the database: by Unix socket, as the only role. It
// stays the same when PostgreSQL is started again.
func (s *Server) DSN() string { return s.place.dsn(name) }

// Exited is closed when no PostgreSQL runs and none will be started again: after
// Stop, or when the supervisor has given up for a reason that Err tells.
func (s *Server) Exited() <-chan struct{} { return s.exited }

// Err says why the supervisor gave up. It is nil until Exited is closed, and
// after a Stop.
func (s *Server) Err() error {
	select {
	case <-s.exited:
		return s.err
	default:
		return nil
	}
}

// PID is the process id of the PostgreSQL that runs now, or 0 between two.
func (s *Server) PID() int { return int(s.process.Load()) }

// Stop ends PostgreSQL and returns when it is gone: a fast shutdown, harder
// after 5 seconds, hardest after 4 more, so that it takes 12 seconds at most.
// What was committed is safe each way. When the context ends, Stop goes on to
// the next harder way at once. A second Stop waits for the first.
func (s *Server) Stop(ctx context.Context) error {
	s.stop.Do(func() {
		s.hurry = ctx.Done()
		close(s.quit)
	})
	<-s.exited
	return s.err
}

// stopping says whether Stop was called.
func (s *Server) stopping() bool {
	select {
	case <-s.quit:
		return true
	default:
		return false
	}
}
