// Package server puts the parts together: one fiber application with the
// features' endpoints, the live connection and the web app.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"guildhall/migrations"
	"guildhall/search"
	"guildhall/server/access"
	"guildhall/server/accounts"
	"guildhall/server/api"
	"guildhall/server/chat"
	"guildhall/server/clock"
	"guildhall/server/config"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/files"
	"guildhall/server/forum"
	"guildhall/server/ids"
	"guildhall/server/library"
	"guildhall/server/limit"
	"guildhall/server/mail"
	"guildhall/server/ops"
	"guildhall/server/orgs"
	"guildhall/server/realtime"
	"guildhall/server/spaces"
	"guildhall/server/text"
)

// Server is one node. New builds it, Start begins its work in the background,
// Listen serves until Close.
type Server struct {
	Config   config.Config
	DB       *db.DB
	Events   *events.Bus
	Hub      *realtime.Hub
	Bus      *realtime.Bus
	Router   *api.Router
	Accounts *accounts.Service
	Spaces   *spaces.Service
	Chat     *chat.Service
	Forum    *forum.Service
	Orgs     *orgs.Service
	Search   *search.Service
	Library  *library.Service
	Files    *files.Store

	app      *fiber.App
	log      *slog.Logger
	now      clock.Clock
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	draining atomic.Bool
	silent   silentConns
	stop     context.CancelFunc
	cutOff   context.CancelFunc
	working  chan struct{}
}

// Deps is what a node stands on. Zero values stand for the real things.
type Deps struct {
	DB       *db.DB
	Log      *slog.Logger
	Now      clock.Clock
	Mail     mail.Sender
	Version  string
	Terminal io.Writer // where `serve --demo` prints codes
}

// changesPerMinute is how often one person may change their profile, a space
// or its roster: far above what people do, far below a flood.
const changesPerMinute = 60

// Migrate brings the database up to date and makes what every network has.
// Any number of nodes may do so at once.
func Migrate(ctx context.Context, d *db.DB, c config.Config) error {
	if err := migrateTables(ctx, d); err != nil {
		return err
	}
	// A pool of its own: on connections that have migrated, lock_timeout is 3 s,
	// and a node that waits for another's data waits for longer than that.
	slow, err := d.Slow()
	if err != nil {
		return fmt.Errorf("connect for loading data: %w", err)
	}
	defer slow.Close() // nothing is pending on it
	if err := spaces.Prepare(ctx, slow, c.Name); err != nil {
		return fmt.Errorf("prepare the network space: %w", err)
	}
	// What changes in the data is told to jobs, which run as soon as a node does.
	bus := events.New(slow, slog.Default())
	accounts.Follow(bus, slow)
	library.Follow(bus, slow)
	return loadData(ctx, slow)
}

func migrateTables(ctx context.Context, d *db.DB) error {
	slow, err := d.Slow()
	if err != nil {
		return fmt.Errorf("connect for migrations: %w", err)
	}
	defer slow.Close() // nothing is pending on it
	return migrations.Up(ctx, slow.DB.DB)
}

// loadData brings in the open data that this version carries. Rows that
// somebody edited stay as they are. The lock of the migrations is over by now,
// so loading has one of its own: nodes that start together load one after the
// other, and all but the first find nothing to do.
func loadData(ctx context.Context, d *db.DB) error {
	councils, err := orgs.Councils()
	if err != nil {
		return err
	}
	areas, err := orgs.Areas()
	if err != nil {
		return err
	}
	stories, err := library.Stories()
	if err != nil {
		return err
	}
	return d.Tx(ctx, func(tx *db.Tx) error {
		if err := tx.Alone(ctx, "load open data"); err != nil {
			return err
		}
		if err := orgs.LoadAreas(ctx, tx, areas); err != nil {
			return err
		}
		if err := orgs.Load(ctx, tx, councils); err != nil {
			return err
		}
		return library.Load(ctx, tx, stories)
	})
}

// New builds a node on a migrated database. It does nothing by itself until
// Start: a command beside the running server takes none of its jobs. Close
// ends either.
func New(ctx context.Context, c config.Config, d Deps) (*Server, error) {
	if d.Now == nil {
		d.Now = clock.System
	}
	if d.Log == nil {
		d.Log = slog.Default()
	}
	secret, err := ops.Secret(ctx, d.DB, "sign-in")
	if err != nil {
		return nil, err
	}
	words, err := text.Load()
	if err != nil {
		return nil, err
	}
	if d.Mail == nil {
		if d.Mail, err = mail.New(c, d.Log); err != nil {
			return nil, err
		}
	}
	s := &Server{Config: c, DB: d.DB, log: d.Log, now: d.Now, registry: prometheus.NewRegistry(), stop: func() {}, cutOff: func() {}, working: make(chan struct{})}
	close(s.working) // nothing works yet
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s.requests = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "guildhall_http_seconds", Help: "Time to answer a request.", Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 10),
	}, []string{"method", "route", "status"})
	s.registry.MustRegister(s.requests)

	if s.Files, err = files.Open(ctx, c.Files, c.FilesDir()); err != nil {
		return nil, err
	}
	s.Events = events.New(d.DB, d.Log)
	s.Bus = realtime.NewBus()
	s.Search = search.New(d.DB, d.Log)
	changes := limit.NewRate(changesPerMinute)
	s.Accounts = accounts.New(accounts.Deps{Changes: changes, DB: d.DB, Bus: s.Events, Log: d.Log, Now: d.Now, Mail: d.Mail, Words: words, Config: c, Search: s.Search, Secret: secret, Terminal: d.Terminal})
	s.Hub = realtime.New(realtime.Deps{Log: d.Log, Now: d.Now, Bus: s.Bus, Config: c, Metrics: s.registry, Reload: s.Accounts.Reload, Stale: s.Accounts.Stale})
	s.Orgs = orgs.New(d.DB)
	s.Search.ResolveNames(s.Orgs.Names)
	mismatch := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "search_acl_mismatch_total", Help: "Hits of a search engine that the person may not see; it must stay 0.",
	}, []string{"kind"})
	s.registry.MustRegister(mismatch)
	s.Search.Mismatch = func(kind string, n int) { mismatch.WithLabelValues(kind).Add(float64(n)) }
	s.Library = library.New(d.DB, s.Events, s.Orgs, s.Search)
	s.Spaces = spaces.New(d.DB, d.Now, s.Accounts, changes)
	rate := limit.NewRate(c.LimitMessages)
	s.Forum = forum.New(forum.Deps{DB: d.DB, Events: s.Events, Log: d.Log, Now: d.Now, Bus: s.Bus, Rate: rate, Search: s.Search})
	s.Chat = chat.New(chat.Deps{DB: d.DB, Events: s.Events, Log: d.Log, Now: d.Now, Config: c, Bus: s.Bus, Hub: s.Hub, Rate: rate, Files: s.Files, Search: s.Search, ActorOf: s.Accounts.Actor, Metrics: s.registry})
	s.tellLive()

	s.app = fiber.New(fiber.Config{
		Immutable:             true, // strings of a request outlive it in hubs and logs
		DisableStartupMessage: true,
		CaseSensitive:         true, // one address, one spelling: what looks at a path sees what the router sees
		StrictRouting:         true,
		ErrorHandler:          s.fail,
		BodyLimit:             1 << 20,
		ReadTimeout:           30 * time.Second,
		WriteTimeout:          30 * time.Second, // of one answer; live connections have their own
		IdleTimeout:           2 * time.Minute,
		ReadBufferSize:        4096,
		WriteBufferSize:       2048,
		ServerHeader:          "",
	})
	// Without this a hijacked connection goes back to a pool while a writer may
	// still hold it, and one person's frames reach another.
	s.app.Server().KeepHijackedConns = true
	s.app.Server().ConnState = s.silent.watch
	s.app.Server().Handler = s.knownMethods(s.app.Server().Handler)
	if err := s.routes(d.Version); err != nil {
		return nil, err
	}
	s.registry.MustRegister(newBacklog(s.Events))
	return s, nil
}

// Start joins the other nodes and begins the work in the background: jobs, the
// beat of live connections and the hourly clean-up. It is called once, before
// Listen.
func (s *Server) Start(ctx context.Context) error {
	network, err := ops.Secret(ctx, s.DB, "network")
	if err != nil {
		return err
	}
	if err := s.Bus.Join(realtime.Nodes{Log: s.log, Now: s.now, Config: s.Config, Metrics: s.registry, Network: network}); err != nil {
		return err
	}
	jobs, cutOff := context.WithCancel(context.WithoutCancel(ctx))
	work, stop := context.WithCancel(jobs)
	s.stop, s.cutOff, s.working = stop, cutOff, make(chan struct{})
	go s.work(work, jobs)
	return nil
}

// work runs what goes on in the background until ctx ends. Jobs under way then
// have until their own context ends.
func (s *Server) work(ctx, jobs context.Context) {
	defer close(s.working)
	done := make(chan struct{})
	go func() { defer close(done); s.Events.Work(ctx, jobs) }()
	go s.Hub.Beat(ctx)
	go s.Hub.Watch(ctx)
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := errors.Join(s.Accounts.Sweep(ctx), s.Chat.Sweep(ctx), s.Chat.Retain(ctx), limit.Sweep(ctx, s.DB, s.now())); err != nil && ctx.Err() == nil {
			s.log.Warn("hourly clean-up failed; it runs again in an hour", "error", err)
		}
		select {
		case <-ctx.Done():
			<-done
			return
		case <-tick.C:
			if err := s.Search.Sweep(ctx); err != nil && ctx.Err() == nil {
				s.log.Warn("words for corrections were not looked over; that is tried again in an hour", "error", err)
			}
		}
	}
}

// Listen serves until Close is called.
func (s *Server) Listen(l net.Listener) error {
	if err := s.app.Listener(patient{l, s.log}); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// tellLive brings what happened to accounts and spaces to the hubs.
func (s *Server) tellLive() {
	tell := s.Bus.Publish
	events.Live(s.Events, func(list []events.MemberAdded) {
		for _, e := range list {
			tell(realtime.Notice{Account: e.AccountID, Rights: true})
		}
	})
	events.Live(s.Events, func(list []events.MemberRemoved) {
		for _, e := range list {
			tell(realtime.Notice{Account: e.AccountID, LeftSpace: e.SpaceID, Rights: true})
		}
	})
	events.Live(s.Events, func(list []events.RoleSet) {
		for _, e := range list {
			tell(realtime.Notice{Account: e.AccountID, Rights: true})
		}
	})
	events.Live(s.Events, func(list []events.SessionEnded) {
		for _, e := range list {
			tell(realtime.Notice{Account: e.AccountID, Sessions: e.SessionIDs})
		}
	})
}

// MakeAdmin makes an administrator, who is in the network like everybody, and
// gives the code of their first sign-in.
func (s *Server) MakeAdmin(ctx context.Context, email, name string) (code string, err error) {
	err = s.DB.Tx(ctx, func(tx *db.Tx) error {
		var account ids.ID
		if account, code, err = s.Accounts.MakeAdmin(ctx, tx, email, name); err != nil {
			return err
		}
		network, err := spaces.NetworkID(ctx, tx)
		if err != nil {
			return err
		}
		_, err = s.Spaces.Admit(ctx, tx, network, account, access.Member)
		return err
	})
	return code, err
}
