package db_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"

	"guildhall/server/api"
	"guildhall/server/db"
	"guildhall/server/testkit"
)

// one opens the test's database with a single connection: one that leaks is
// missed at once.
func one(t *testing.T) *db.DB {
	t.Helper()
	d, err := db.Open(ctx, db.Options{DSN: testkit.DB(t).DSN(), Pool: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

const note = `insert into server_settings (name, value) values ($1, '')`

func noted(t *testing.T, d *db.DB) (n int) {
	t.Helper()
	soon, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := d.GetContext(soon, &n, `select count(*) from server_settings where name like 'test:%'`); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestRollBack: an error, a panic, a passed deadline and a lost connection
// leave nothing behind, run nothing twice, and give the connection back.
func TestRollBack(t *testing.T) {
	t.Parallel()
	d := one(t)
	wrong := errors.New("no")
	runs := 0
	for name, c := range map[string]struct {
		f    func(*db.Tx) error
		want func(error) bool
	}{
		"an error": {func(*db.Tx) error { return wrong }, func(err error) bool { return errors.Is(err, wrong) }},
		"a panic":  {func(*db.Tx) error { panic("oh dear") }, func(err error) bool { return strings.Contains(err.Error(), "oh dear") }},
		"a lost connection": {func(tx *db.Tx) error {
			_, err := tx.Exec(`select pg_terminate_backend(pg_backend_pid())`)
			return err
		}, db.Gone},
		"a lost connection, not noticed": {func(tx *db.Tx) error {
			_, _ = tx.Exec(`select pg_terminate_backend(pg_backend_pid())`)
			return nil
		}, func(err error) bool { return err != nil }},
		"a failed statement, not noticed": {func(tx *db.Tx) error {
			_, _ = tx.Exec(`select 1/0`)
			return nil
		}, func(err error) bool { return err != nil }},
	} {
		runs = 0
		err := d.Tx(ctx, func(tx *db.Tx) error {
			runs++
			if _, err := tx.Exec(note, "test:"+name); err != nil {
				return err
			}
			tx.After(func() { t.Errorf("%s: it was told as committed", name) })
			return c.f(tx)
		})
		if err == nil || !c.want(err) || runs != 1 {
			t.Errorf("%s: %v, after %d runs", name, err, runs)
		}
		if n := noted(t, d); n != 0 {
			t.Errorf("%s: %d rows are left", name, n)
		}
	}
}

// TestTimeLimits: a statement that a limit ended is known as such, whichever
// limit it was, and asks the person to try again.
func TestTimeLimits(t *testing.T) {
	t.Parallel()
	d := one(t)
	soon := func() context.Context {
		limited, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		t.Cleanup(cancel)
		return limited
	}
	for name, c := range map[string]struct {
		err  func() error
		ours bool
	}{
		"the caller's": {func() error { _, err := d.ExecContext(soon(), `select pg_sleep(5)`); return err }, false},
		"the caller's, in a transaction": {func() error {
			limited := soon()
			return d.Tx(limited, func(tx *db.Tx) error { _, err := tx.ExecContext(limited, `select pg_sleep(5)`); return err })
		}, true},
		"the server's": {func() error {
			return d.Tx(ctx, func(tx *db.Tx) error {
				_, err := tx.Exec(`set local statement_timeout = 50; select pg_sleep(5)`)
				return err
			})
		}, false},
		"before it began": {func() error {
			over, cancel := context.WithCancel(ctx)
			cancel()
			return d.Tx(over, func(*db.Tx) error { return nil })
		}, false},
	} {
		start := time.Now()
		err := c.err()
		if err == nil || !db.Cancelled(err) || time.Since(start) > 3*time.Second {
			t.Errorf("%s limit: %v after %s", name, err, time.Since(start))
		}
		if c.ours && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s limit: the deadline is not in %v", name, err)
		}
		if p := api.Visible(err); p.Status != 503 || p.GetHeaders().Get("Retry-After") == "" {
			t.Errorf("%s limit: a person sees %v", name, p)
		}
		noted(t, d)
	}
}

// TestKindsOfErrors: what the database says is told apart by its code.
func TestKindsOfErrors(t *testing.T) {
	t.Parallel()
	d := one(t)
	raise := func(code string) error {
		return d.Tx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(fmt.Sprintf(`do $$ begin raise exception 'x' using errcode = '%s'; end $$`, code))
			return err
		})
	}
	for code, want := range map[string]string{
		"40001": "retry", "40P01": "retry", "57014": "cancelled", "57P01": "gone", "57P03": "gone", "53300": "gone", "08006": "gone",
		"22021": "bad text", "22P05": "bad text", "23505": "", "42P01": "", "XX000": "",
	} {
		err, got := raise(code), ""
		for name, is := range map[string]func(error) bool{"retry": db.Retryable, "cancelled": db.Cancelled, "gone": db.Gone, "bad text": db.BadText} {
			if is(fmt.Errorf("wrapped: %w", err)) {
				got += name
			}
		}
		if got != want {
			t.Errorf("%s is %q, want %q (%v)", code, got, want, err)
		}
	}
	err := d.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into server_settings (name, value) values ('test:a', ''), ('test:a', '')`)
		return fmt.Errorf("wrapped: %w", err)
	})
	if !db.Breaks(err, "server_settings_pkey") || db.Breaks(err, "other_key") || db.Breaks(errors.New("x"), "server_settings_pkey") {
		t.Errorf("a clash: %v", err)
	}
	var name string
	if err := d.Get(&name, `select name from server_settings where name = 'never'`); !db.NoRows(err) {
		t.Errorf("no row: %v", err)
	}
	if _, err := d.Exec(note, "a\x00b"); !db.BadText(err) {
		t.Errorf("NUL: %v", err)
	}
}

// TestParameters: every kind of value that the code sends goes there and back.
func TestParameters(t *testing.T) {
	t.Parallel()
	d := one(t)
	at := time.Date(2026, 10, 25, 0, 30, 0, 123_000_000, time.UTC)
	in := db.JSON[map[string]any]{V: map[string]any{"a": "ŵ", "b": nil}}
	var out struct {
		Text  string                    `db:"text"`
		Bytes []byte                    `db:"bytes"`
		At    time.Time                 `db:"at"`
		Many  pq.Int64Array             `db:"many"`
		Words pq.StringArray            `db:"words"`
		None  *string                   `db:"none"`
		Facts db.JSON[map[string]any]   `db:"facts"`
		Null  db.JSON[map[string]int]   `db:"nothing"`
		List  db.JSON[[]map[string]int] `db:"list"`
	}
	err := d.Get(&out, `select $1::text as text, $2::bytea as bytes, $3::timestamptz as at, $4::bigint[] as many, $5::text[] as words,
		$6::text as none, $7::jsonb as facts, null::jsonb as nothing, '[{"x": 1}]'::jsonb as list`,
		"Siân's \\ \"", []byte{0, 1, 0xff}, at, pq.Array([]int64{1, 1 << 60}), pq.Array([]string{`a,"b`, "NULL"}), nil, in)
	if err != nil {
		t.Fatal(err)
	}
	if out.Text != "Siân's \\ \"" || string(out.Bytes) != "\x00\x01\xff" || !out.At.Equal(at) || out.At.Location() != time.UTC || out.Many[1] != 1<<60 ||
		out.Words[0] != `a,"b` || out.Words[1] != "NULL" || out.None != nil || fmt.Sprint(out.Facts.V) != fmt.Sprint(in.V) || out.Null.V != nil || out.List.V[0]["x"] != 1 {
		t.Errorf("came back as %+v", out)
	}
}

// TestServersThatWillNotDo are refused at the start, in a sentence.
func TestServersThatWillNotDo(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t)
	for options, want := range map[string]string{
		"encoding 'UTF8' lc_ctype 'C' lc_collate 'C'":      "LC_CTYPE C",
		"encoding 'SQL_ASCII' lc_ctype 'C' lc_collate 'C'": "encoding SQL_ASCII",
	} {
		var name string
		if err := d.Get(&name, `select current_database() || $1`, fmt.Sprint("_", len(options))); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Exec(`create database "` + name + `" template template0 ` + options); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if _, err := d.Exec(`drop database "` + name + `" with (force)`); err != nil {
				t.Error(err)
			}
		})
		_, err := db.Open(ctx, db.Options{DSN: d.DSN() + " dbname=" + name, Pool: 1})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", options, err)
		}
	}
}

// TestAMistypedDSNTellsNoPassword, whatever is wrong with it.
func TestAMistypedDSNTellsNoPassword(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{
		"mysql://me:hunter2@db/x", "postgres//me:hunter2@db/x", "postgres:/me:hunter2@db/x", " postgres://me:hunter2@db/x",
		"me:hunter2@db/x", "hunter2", "postgres://me:hunter2@db:port/x", "postgres://me:hun%ter2hunter2@db/x",
		"postgres://me:1/hunter2@127.0.0.1/x", "postgres://me:1?hunter2@127.0.0.1/x", "postgres://127.0.0.1:1#hunter2@db/x",
		"postgres://me@127.0.0.1:1/x?sslmode=hunter2", "host=db password='hunter2", "host=db password=my hunter2",
		"host=127.0.0.1 port=hunter2", "postgres://me:hunter2@127.0.0.1:1/x",
	} {
		d, err := db.Open(t.Context(), db.Options{DSN: dsn, Pool: 1})
		if err == nil {
			t.Errorf("%s: was opened: %v", dsn, d.Close())
			continue
		}
		if strings.Contains(err.Error(), "hunter2") || strings.Contains(fmt.Sprintf("%+v", err), "hunter2") {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}
