package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// limits are the waits of one pool. quiet is the longest silence on the wire;
// lib/pq does not honour a context while the network is silent, so it must be
// longer than the longest statement and still end.
type limits struct {
	statement time.Duration
	quiet     time.Duration
}

var (
	queryLimits = limits{statement: 10 * time.Second, quiet: 15 * time.Second}
	slowLimits  = limits{statement: 0, quiet: time.Hour}
)

func connect(dsn string, l limits) (*sqlx.DB, error) {
	// Set on each connection, so that an outside server needs no settings of
	// its own: zone, no JIT (it costs 15 ms on a 1 ms search), time limits, and
	// parameters without a prepare round trip.
	keys := fmt.Sprintf("connect_timeout=5 binary_parameters=yes timezone=UTC jit=off statement_timeout=%d idle_in_transaction_session_timeout=60000",
		l.statement.Milliseconds())
	full, err := withKeys(dsn, keys)
	if err != nil {
		return nil, err
	}
	connector, err := pq.NewConnector(full)
	if err != nil {
		return nil, errDSN
	}
	connector.Dialer(dialer{quiet: l.quiet})
	// The name "postgres" is the one by which sqlx knows the bind style.
	return sqlx.NewDb(sql.OpenDB(connector), "postgres"), nil
}

// errDSN stands for whatever is wrong with a DSN: what the parsers say of it
// may hold the password, or what they took a part of it for.
var errDSN = errors.New("DATABASE_URL must be like postgres://user:password@host/database, with signs such as @ / ? # % in the password percent-encoded")

// withKeys adds connection keys to a DSN of either form. The DSN's own
// sslmode stays; without one the driver's default (require) holds for TCP.
func withKeys(dsn, keys string) (string, error) {
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		if strings.Contains(dsn, "://") {
			return "", errDSN
		}
		return dsn + " " + keys, nil
	}
	u, err := url.Parse(dsn)
	// An @ further on belongs to a password that was cut by / ? or #.
	if err != nil || strings.Contains(u.Path+u.RawQuery+u.Fragment, "@") {
		return "", errDSN
	}
	query := u.Query()
	for _, pair := range strings.Fields(keys) {
		key, value, _ := strings.Cut(pair, "=")
		query.Set(key, value)
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// dialer makes connections that give up after a long silence.
type dialer struct{ quiet time.Duration }

// Dial connects without a limit of its own.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialTimeout connects within the limit.
func (d dialer) DialTimeout(network, address string, limit time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// DialContext connects until the context ends.
func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	var plain net.Dialer
	c, err := plain.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &quietConn{Conn: c, quiet: d.quiet}, nil
}

// quietConn sets a deadline for each read and write. An earlier one of the
// driver's, such as that for connecting, stays.
type quietConn struct {
	net.Conn
	quiet time.Duration
	until atomic.Pointer[time.Time] // the driver's; nil or zero is none
}

// SetDeadline is how the driver limits connecting and cancelling.
func (c *quietConn) SetDeadline(t time.Time) error {
	c.until.Store(&t)
	return c.Conn.SetDeadline(t)
}

// Read waits for the other side at most as long as the pool allows.
func (c *quietConn) Read(b []byte) (int, error) {
	if err := c.SetReadDeadline(c.deadline()); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

// Write waits for the other side at most as long as the pool allows.
func (c *quietConn) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(c.deadline()); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

func (c *quietConn) deadline() time.Time {
	at := time.Now().Add(c.quiet) //nolint:forbidigo // a network deadline is the machine's time, in tests too
	if until := c.until.Load(); until != nil && !until.IsZero() && until.Before(at) {
		return *until
	}
	return at
}

// check refuses a server that would fail later, in words that name what is
// wrong with it.
func (d *DB) check(ctx context.Context) error {
	var s struct {
		Version  int    `db:"version"`
		Encoding string `db:"encoding"`
		CType    string `db:"ctype"`
	}
	const query = `select current_setting('server_version_num')::int as version, pg_encoding_to_char(encoding) as encoding,
		datctype as ctype from pg_database where datname = current_database()`
	if err := d.GetContext(ctx, &s, query); err != nil {
		return fmt.Errorf("the database does not answer: %w", err)
	}
	switch {
	case s.Version < 150000:
		return fmt.Errorf("PostgreSQL %d is too old: Guildhall needs 15 or newer", s.Version/10000)
	case s.Encoding != "UTF8":
		return fmt.Errorf("the database has the encoding %s: create it with ENCODING 'UTF8'", s.Encoding)
	case s.CType == "C" || s.CType == "POSIX":
		return fmt.Errorf("the database has LC_CTYPE %s, which splits words at Welsh letters: create it with LC_CTYPE 'C.UTF-8'", s.CType)
	}
	var missing []string
	const absent = `select name from unnest(array['pg_trgm','unaccent','fuzzystrmatch','btree_gin']) name
		where not exists (select from pg_available_extensions e where e.name = name.name)`
	if err := d.SelectContext(ctx, &missing, absent); err != nil {
		return fmt.Errorf("list extensions: %w", err)
	}
	if len(missing) > 0 {
		return fmt.Errorf("the PostgreSQL server lacks the extensions %s: install its contrib package", strings.Join(missing, ", "))
	}
	return nil
}

// Analyse looks over all tables, after very much has been written at once:
// the planner then knows what they hold, and reads need not check what is
// visible.
func (d *DB) Analyse(ctx context.Context) error {
	slow, err := d.Slow()
	if err != nil {
		return err
	}
	defer slow.Close() // nothing is pending on it
	if _, err := slow.ExecContext(ctx, `vacuum (analyse)`); err != nil {
		return fmt.Errorf("look over the tables: %w", Why(ctx, err))
	}
	return nil
}
