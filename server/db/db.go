// Package db is the way to PostgreSQL: one pool with deadlines that hold on a
// silent network, and transactions that tell what happened only once it has.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"guildhall/server/problem"
)

// Q is what a SQL helper needs: the pool for reading, or a transaction.
type Q interface {
	GetContext(ctx context.Context, dest any, query string, args ...any) error
	SelectContext(ctx context.Context, dest any, query string, args ...any) error
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryxContext(ctx context.Context, query string, args ...any) (*sqlx.Rows, error)
}

// Options says how to connect.
type Options struct {
	DSN  string // keyword form or postgres:// URL
	Pool int    // connections for requests, at least 1
}

// DB is the pool. It is safe for many goroutines at once.
type DB struct {
	*sqlx.DB
	dsn  string
	sink Sink
}

// Sink learns what a transaction has to tell. The event bus is the one Sink.
type Sink interface {
	// Keep runs inside the transaction, before it commits.
	Keep(ctx context.Context, tx *Tx, told []any) error
	// Tell runs after the commit and must not fail.
	Tell(told []any)
}

// Open connects and checks that the server will do.
func Open(ctx context.Context, o Options) (*DB, error) {
	pool, err := connect(o.DSN, queryLimits)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(max(o.Pool, 1))
	pool.SetMaxIdleConns(max(o.Pool, 1))
	pool.SetConnMaxIdleTime(5 * time.Minute)
	d := &DB{DB: pool, dsn: o.DSN}
	if err := d.check(ctx); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return d, nil
}

// Slow opens a second pool to the same database for work that is rightly
// silent for long: migrations, backup, restore, index builds. Nobody is told
// of its commits unless a sink is set. The caller closes it.
func (d *DB) Slow() (*DB, error) {
	pool, err := connect(d.dsn, slowLimits)
	if err != nil {
		return nil, err
	}
	return &DB{DB: pool, dsn: d.dsn}, nil
}

// DSN is how this database is reached.
func (d *DB) DSN() string { return d.dsn }

// Listener is a connection of its own for notifications, which comes back by
// itself; the caller closes it.
func (d *DB) Listener() *pq.Listener {
	dsn, err := withKeys(d.dsn, "connect_timeout=5")
	if err != nil {
		dsn = d.dsn // it was good enough for the pool
	}
	return pq.NewListener(dsn, time.Second, 30*time.Second, nil)
}

// SetSink names who is told about commits. It is called once, at start.
func (d *DB) SetSink(s Sink) { d.sink = s }

// Tx is one transaction. Helpers take it as a Q; it is never nested.
type Tx struct {
	*sqlx.Tx
	told  []any
	after []func()
}

// Tell keeps something to be told if and only if the transaction commits.
func (t *Tx) Tell(what ...any) { t.told = append(t.told, what...) }

// After runs f once the transaction has committed, before anybody is told.
// f must be quick and must not panic.
func (t *Tx) After(f func()) { t.after = append(t.after, f) }

// Alone waits until no other transaction of any node is alone under this name,
// and holds the name until this one ends.
func (t *Tx) Alone(ctx context.Context, name string) error {
	if _, err := t.ExecContext(ctx, `select pg_advisory_xact_lock(hashtextextended('guildhall ' || $1, 0))`, name); err != nil {
		return fmt.Errorf("wait to %s: %w", name, err)
	}
	return nil
}

// Tx runs f in a transaction: an error or a panic rolls everything back. What
// f told is kept with the commit and told after it. Nothing outside the
// database may happen inside f. Nothing is ever run twice by this layer.
func (d *DB) Tx(ctx context.Context, f func(tx *Tx) error) error {
	raw, err := d.BeginTxx(ctx, nil)
	if err != nil {
		return d.why(ctx, fmt.Errorf("begin: %w", err))
	}
	tx := &Tx{Tx: raw}
	if err := d.run(ctx, tx, f); err != nil {
		if back := raw.Rollback(); back != nil && !errors.Is(back, sql.ErrTxDone) && ctx.Err() == nil {
			err = errors.Join(err, fmt.Errorf("roll back: %w", back))
		}
		return d.why(ctx, err)
	}
	if err := raw.Commit(); err != nil {
		return d.why(ctx, fmt.Errorf("commit: %w", err))
	}
	for _, after := range tx.after {
		after()
	}
	if d.sink != nil && len(tx.told) > 0 {
		d.sink.Tell(tx.told)
	}
	return nil
}

func (d *DB) run(ctx context.Context, tx *Tx, f func(tx *Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in transaction: %v\n%s", p, debug.Stack())
		}
	}()
	if err := f(tx); err != nil {
		return err
	}
	if d.sink != nil && len(tx.told) > 0 {
		return d.sink.Keep(ctx, tx, tx.told)
	}
	return nil
}

// why turns the driver's words for a cancelled statement into the context's,
// since lib/pq hides it (issue 620), and a lost database into a problem that
// says to try again.
func (d *DB) why(ctx context.Context, err error) error {
	var pe *problem.Error
	if errors.As(err, &pe) {
		return err
	}
	return Why(ctx, err)
}

// Why explains an error of a query: the context's own error when that ended
// it, else the error itself.
func Why(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%w (%w)", ctx.Err(), err)
	}
	return err
}

// NoRows says whether a query that wanted one row found none.
func NoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// Breaks says whether err is a clash with the named constraint.
func Breaks(err error, constraint string) bool {
	var e *pq.Error
	return errors.As(err, &e) && e.Constraint == constraint
}

// Retryable says whether the same transaction may succeed when run again: it
// was a deadlock or a serialisation failure (SQLSTATE 40P01, 40001).
func Retryable(err error) bool {
	var e *pq.Error
	return errors.As(err, &e) && (e.Code == "40P01" || e.Code == "40001")
}

// Locked says whether a statement gave up waiting for a row that another
// transaction holds (SQLSTATE 55P03), which only a lock_timeout makes it do.
func Locked(err error) bool {
	var e *pq.Error
	return errors.As(err, &e) && e.Code == "55P03"
}

// Cancelled says whether a statement was ended by a time limit or by its
// context (SQLSTATE 57014).
func Cancelled(err error) bool {
	var e *pq.Error
	return errors.As(err, &e) && e.Code == "57014" ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// BadText says whether the text held characters that PostgreSQL cannot store,
// such as NUL (SQLSTATE 22021, 22P05).
func BadText(err error) bool {
	var e *pq.Error
	return errors.As(err, &e) && (e.Code == "22021" || e.Code == "22P05")
}

// BadNumber says whether a number was beyond what PostgreSQL can hold there
// (SQLSTATE 22003).
func BadNumber(err error) bool {
	var e *pq.Error
	return errors.As(err, &e) && e.Code == "22003"
}

// Gone says whether the database could not be reached or went away, so that
// waiting a moment may help.
func Gone(err error) bool {
	var e *pq.Error
	if errors.As(err, &e) {
		class := string(e.Code.Class())
		return class == "57" && e.Code != "57014" || class == "08" || class == "53"
	}
	text := err.Error()
	for _, sign := range []string{"bad connection", "connection refused", "no such file", "broken pipe", "connection reset", "i/o timeout", "EOF"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}
