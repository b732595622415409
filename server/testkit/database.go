package testkit

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"guildhall/migrations"
	"guildhall/server"
	"guildhall/server/config"
	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/pgrun"
)

// DB gives the test an empty, migrated database of its own, cloned from a
// template that is made once for each set of migrations.
func DB(t testing.TB) *db.DB {
	t.Helper()
	cluster(t) // makes the template
	return fresh(t, `template "`+template()+`"`)
}

func fresh(t testing.TB, from string) *db.DB {
	t.Helper()
	admin := cluster(t)
	name := "test_" + strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(ids.Token(9)))
	execute(t, admin, `create database "`+name+`" `+from)
	d, err := db.Open(context.Background(), db.Options{DSN: withName(admin, name), Pool: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close the test database: %v", err)
		}
		drop(t, admin, name)
	})
	return d
}

// EmptyDB gives the test a database of its own without any table.
func EmptyDB(t testing.TB) *db.DB {
	t.Helper()
	return fresh(t, `template template0 encoding 'UTF8' lc_ctype 'C.UTF-8'`)
}

var (
	once     sync.Once
	adminDSN string
	prepared error
)

// cluster gives the DSN of the test cluster, started if there is none, with
// the template ready.
func cluster(t testing.TB) string {
	t.Helper()
	once.Do(func() {
		if adminDSN = os.Getenv("GUILDHALL_TEST_DATABASE_URL"); adminDSN == "" {
			if adminDSN, prepared = startCluster(); prepared != nil {
				return
			}
		}
		prepared = makeTemplate(adminDSN)
	})
	if prepared != nil {
		t.Fatalf("the test database: %v", prepared)
	}
	return adminDSN
}

func template() string { return "guildhall_template_" + migrations.Hash() }

// makeTemplate migrates a template database once; test processes that start
// together wait for each other on an advisory lock.
func makeTemplate(dsn string) error {
	ctx := context.Background()
	admin, err := open(dsn)
	if err != nil {
		return err
	}
	defer admin.Close() // nothing is pending
	conn, err := admin.Connx(ctx)
	if err != nil {
		return fmt.Errorf("reach the test cluster: %w", err)
	}
	defer conn.Close() //nolint:errcheck // it ends the lock
	if _, err := conn.ExecContext(ctx, `select pg_advisory_lock(4097)`); err != nil {
		return err
	}
	defer conn.ExecContext(ctx, `select pg_advisory_unlock(4097)`) //nolint:errcheck // closing ends it too
	var ready bool
	if err := conn.GetContext(ctx, &ready, `select exists (select from pg_database where datname = $1 and datistemplate)`, template()); err != nil || ready {
		return err
	}
	if _, err := conn.ExecContext(ctx, `drop database if exists "`+template()+`"`); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, `create database "`+template()+`" template template0 encoding 'UTF8' lc_ctype 'C.UTF-8'`); err != nil {
		return err
	}
	d, err := db.Open(ctx, db.Options{DSN: withName(dsn, template()), Pool: 2})
	if err != nil {
		return err
	}
	err = server.Migrate(ctx, d, config.Config{Name: "Guildhall"})
	if closed := d.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, `alter database "`+template()+`" with is_template true allow_connections false`)
	return err
}

func drop(t testing.TB, dsn, name string) {
	t.Helper()
	execute(t, dsn, `drop database if exists "`+name+`" with (force)`)
}

func execute(t testing.TB, dsn, statement string) {
	t.Helper()
	admin, err := open(dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close() // nothing is pending
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := admin.ExecContext(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func open(dsn string) (*sqlx.DB, error) {
	d, err := sqlx.Open("postgres", dsn)
	if err != nil {
		return nil, fmt.Errorf("reach the test cluster: %w", err)
	}
	d.SetMaxOpenConns(2)
	return d, nil
}

// withName points a DSN of either form at another database of the cluster.
func withName(dsn, name string) string {
	if scheme, rest, ok := strings.Cut(dsn, "://"); ok {
		address, query, _ := strings.Cut(rest, "?")
		host, _, _ := strings.Cut(address, "/")
		return scheme + "://" + host + "/" + name + "?" + query
	}
	return dsn + " dbname=" + name
}

func startCluster() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	return pgrun.Shared(ctx)
}

// A test process may be asked to keep the shared cluster running; it then does
// nothing else.
func init() { pgrun.KeepShared() }
