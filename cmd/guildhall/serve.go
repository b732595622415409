package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"guildhall/migrations"
	"guildhall/server"
	"guildhall/server/clock"
	"guildhall/server/config"
	"guildhall/server/db"
	"guildhall/server/ops"
	"guildhall/server/pgrun"
	"guildhall/server/problem"
	"guildhall/server/seed"
)

// database is an open database and what must be stopped after it.
type database struct {
	*db.DB
	private *pgrun.Server
}

// open reaches the database that the settings name, or starts the private one.
func open(ctx context.Context, c config.Config, log *slog.Logger) (*database, error) {
	d := &database{}
	dsn := c.DatabaseURL
	if dsn == "" {
		var err error
		if d.private, err = pgrun.Start(ctx, pgrun.Options{Dir: c.PostgresDir(), Bin: c.PGBin, Log: log}); err != nil {
			return nil, err
		}
		dsn = d.private.DSN()
	}
	var err error
	if d.DB, err = db.Open(ctx, db.Options{DSN: dsn, Pool: c.DBPool}); err != nil {
		return nil, errors.Join(err, d.stop())
	}
	return d, nil
}

// stop closes the pool and ends the private PostgreSQL.
func (d *database) stop() error {
	var err error
	if d.DB != nil {
		err = d.Close()
	}
	if d.private != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		err = errors.Join(err, d.private.Stop(ctx))
	}
	return err
}

// opener is open or openAlongside.
type opener func(context.Context, config.Config, *slog.Logger) (*database, error)

// setUp loads settings, opens the database and brings it up to date.
func setUp(ctx context.Context, open opener, name string, args []string) (config.Config, *database, *slog.Logger, error) {
	c, err := config.Load(name, args, config.Environ, os.Stdout)
	if err != nil {
		return c, nil, nil, err
	}
	log := logger(c, os.Stderr)
	d, err := ready(ctx, open, c, log)
	return c, d, log, err
}

// ready opens the database and brings it up to date.
func ready(ctx context.Context, open opener, c config.Config, log *slog.Logger) (*database, error) {
	d, err := open(ctx, c, log)
	if err != nil {
		return nil, err
	}
	if err := server.Migrate(ctx, d.DB, c); err != nil {
		return nil, errors.Join(err, d.stop())
	}
	if err := ops.CheckDemo(ctx, d.DB, c.Demo); err != nil {
		return nil, errors.Join(err, d.stop())
	}
	return d, nil
}

func logger(c config.Config, to io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(to, o))
	}
	return slog.New(slog.NewTextHandler(to, o))
}

func serve(ctx context.Context, args []string) (err error) {
	started := time.Now() //nolint:forbidigo // how long the start took
	c, err := config.Load("serve", args, config.Environ, os.Stdout)
	if err != nil {
		return err
	}
	// Before anything is made or marked; people wait at the address only once
	// the server is ready.
	if probe, err := listen(c); err != nil {
		return err
	} else if err := probe.Close(); err != nil {
		return err
	}
	log := logger(c, os.Stderr)
	d, err := ready(ctx, open, c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	deps := server.Deps{DB: d.DB, Log: log, Version: about()}
	if c.Demo {
		deps.Terminal = os.Stdout
	}
	s, err := server.New(ctx, c, deps)
	if err != nil {
		return err
	}
	if c.Demo {
		if err := seed.Demo(ctx, d.DB, clock.System().In(c.Zone)); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	listener, err := listen(c)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	if err := s.Start(ctx); err != nil {
		return errors.Join(err, listener.Close(), s.Close())
	}
	fmt.Printf("Guildhall is ready: %s  (started in %s, Ctrl-C stops it)\n", c.URL, time.Since(started).Round(10*time.Millisecond)) //nolint:forbidigo // the one line for people
	serving := make(chan error, 1)
	go func() { serving <- s.Listen(listener) }()
	select {
	case err = <-serving:
	case <-ctx.Done():
		fmt.Println("Stopping.") //nolint:forbidigo // for people
	}
	return errors.Join(err, s.Close())
}

func listen(c config.Config) (net.Listener, error) {
	l, err := net.Listen("tcp", c.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the address %s is in use: choose another with --listen HOST:PORT, or GUILDHALL_LISTEN=127.0.0.1:8081 make run", c.Listen)
	}
	if err != nil {
		return nil, fmt.Errorf("--listen (GUILDHALL_LISTEN): %w", err)
	}
	return l, nil
}

// migrate brings the database up to date and says what it did.
func migrate(ctx context.Context, args []string) (err error) {
	c, err := config.Load("migrate", args, config.Environ, os.Stdout)
	if err != nil {
		return err
	}
	d, err := openAlongside(ctx, c, logger(c, os.Stderr))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	before, err := migrations.Version(ctx, d.DB.DB.DB)
	if err != nil {
		return err
	}
	if err := server.Migrate(ctx, d.DB, c); err != nil {
		return err
	}
	if err := ops.CheckDemo(ctx, d.DB, c.Demo); err != nil {
		return err
	}
	if now := migrations.Latest(); before < now {
		fmt.Printf("The database went from version %d to %d.\n", before, now) //nolint:forbidigo // the answer
	} else {
		fmt.Printf("The database was up to date: version %d.\n", before) //nolint:forbidigo // the answer
	}
	return nil
}

// admin makes an administrator, or makes somebody one, and prints a code with
// which they sign in for the first time.
func admin(ctx context.Context, args []string) (err error) {
	if helped(args, adminUsage) {
		return nil
	}
	if len(args) == 0 || args[0] != "create" {
		return errors.New("say: guildhall admin create --email ADDRESS [--name NAME] [settings]")
	}
	email, rest, err := cutFlag(args[1:], "--email")
	if err != nil {
		return err
	}
	name, rest, err := cutFlag(rest, "--name")
	if err != nil {
		return err
	}
	if email == "" {
		return errors.New("--email is needed")
	}
	c, d, log, err := setUp(ctx, openAlongside, "admin", rest)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	s, err := server.New(ctx, c, server.Deps{DB: d.DB, Log: log, Version: about()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	code, err := s.MakeAdmin(ctx, email, name)
	if p := (*problem.Error)(nil); errors.As(err, &p) && len(p.Errors) > 0 {
		return fmt.Errorf("--%s: %s", strings.TrimPrefix(p.Errors[0].Location, "body."), p.Errors[0].Message)
	}
	if err != nil {
		return err
	}
	page := "on the sign-in page"
	if c.URLGiven { // this shell need not know where the server listens
		page = "at " + c.URL + "/sign-in"
	}
	fmt.Printf("%s is an administrator. One-time sign-in code, good for an hour: %s\nEnter the address and this code %s.\n", email, code, page) //nolint:forbidigo // the answer
	return nil
}

// openapi needs a database only because the parts that describe themselves
// are built on one. It is a throw-away private one, whatever DATABASE_URL says:
// a description is no reason to touch, let alone migrate, a real one.
func openapi(ctx context.Context, args []string) (err error) {
	dir, err := os.MkdirTemp("", "guildhall-openapi-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // the account that runs PostgreSQL must get through
		return err
	}
	c, err := config.Load("openapi", append(args, "--data", filepath.Join(dir, "data"), "--log-level", "error"), programsOnly, os.Stdout)
	if err != nil {
		return err
	}
	log := logger(c, os.Stderr)
	d, err := ready(ctx, open, c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	s, err := server.New(ctx, c, server.Deps{DB: d.DB, Log: log, Version: about()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	spec, err := s.OpenAPI()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(spec)
	return err
}

// programsOnly is the environment of a command that asks it for nothing but
// where PostgreSQL's programs are.
func programsOnly(name string) (string, bool) {
	if name != "GUILDHALL_PG_BIN" {
		return "", false
	}
	return config.Environ(name)
}
