package db_test

import (
	"context"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"guildhall/server/db"
	"guildhall/server/testkit"
)

var ctx = context.Background()

// relay stands between a pool and the test's PostgreSQL, and can go silent:
// connections stay open, and nothing arrives any more.
type relay struct {
	mu     sync.Mutex
	silent bool
	woken  *sync.Cond
}

// newRelay gives the relay and the DSN that leads through it.
func newRelay(t *testing.T, dsn string) (*relay, string) {
	t.Helper()
	host := regexp.MustCompile(`host='?([^' ]+)'?`).FindStringSubmatch(dsn)
	port := regexp.MustCompile(`port=(\d+)`).FindStringSubmatch(dsn)
	if host == nil || port == nil {
		t.Fatalf("the test's DSN has another form")
	}
	network, address := "tcp", net.JoinHostPort(host[1], port[1])
	if strings.HasPrefix(host[1], "/") {
		network, address = "unix", host[1]+"/.s.PGSQL."+port[1]
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{}
	r.woken = sync.NewCond(&r.mu)
	t.Cleanup(func() { _ = l.Close(); r.set(false) })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial(network, address)
			if err != nil {
				_ = in.Close()
				continue
			}
			go r.copy(in, out)
			go r.copy(out, in)
		}
	}()
	_, own, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return r, dsn + " host=127.0.0.1 port=" + own + " sslmode=disable"
}

func (r *relay) set(silent bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.silent = silent
	r.woken.Broadcast()
}

func (r *relay) copy(to, from net.Conn) {
	defer to.Close()   // one end is gone, so is the other
	defer from.Close() // as above
	part := make([]byte, 4096)
	for {
		n, err := from.Read(part)
		r.mu.Lock()
		for r.silent {
			r.woken.Wait()
		}
		r.mu.Unlock()
		if _, failed := to.Write(part[:n]); failed != nil || err != nil {
			return
		}
	}
}

// TestBlackHole: a server that takes connections and never answers, or none,
// is an error that says to try again, within the connect limit of 5 s.
func TestBlackHole(t *testing.T) {
	t.Parallel()
	hole, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer hole.Close() // nothing is pending
	_, port, err := net.SplitHostPort(hole.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for name, c := range map[string]struct {
		dsn  string
		most time.Duration
	}{
		"silent, as words":      {"host=127.0.0.1 sslmode=disable dbname=x port=" + port, 8 * time.Second},
		"silent, as an address": {"postgres://u:p@127.0.0.1:" + port + "/x?sslmode=disable", 8 * time.Second},
		"silent, with TLS":      {"postgres://u:p@127.0.0.1:" + port + "/x?sslmode=require", 8 * time.Second},
		"nobody there":          {"host=127.0.0.1 port=1 sslmode=disable dbname=x", time.Second},
		"no such folder":        {"host=/nowhere sslmode=disable dbname=x", time.Second},
	} {
		group.Go(func() {
			start := time.Now()
			_, err := db.Open(ctx, db.Options{DSN: c.dsn, Pool: 1})
			if took := time.Since(start); err == nil || !db.Gone(err) || took > c.most {
				t.Errorf("%s: %v after %s", name, err, took)
			}
			if err != nil && strings.Contains(err.Error(), ":p@") {
				t.Errorf("%s: the error shows the password: %v", name, err)
			}
		})
	}
	group.Wait()
}

// TestSilence: a connection on which nothing comes any more ends after the
// quiet limit, in and outside a transaction, with and without a deadline of
// the caller's; the next call is served again.
func TestSilence(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t)
	r, dsn := newRelay(t, d.DSN())
	pool, err := db.Connect(dsn, time.Second, 500*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close() // nothing is pending
	pool.SetMaxOpenConns(1)
	var one int
	for name, call := range map[string]func() error{
		"a query": func() error { return pool.Get(&one, `select 1`) },
		"with a deadline": func() error {
			soon, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
			defer cancel()
			return pool.GetContext(soon, &one, `select 1`)
		},
		"a transaction": func() error {
			tx, err := pool.Beginx()
			if err != nil {
				return err
			}
			defer tx.Rollback()
			return tx.Get(&one, `select 1`)
		},
	} {
		if err := pool.Get(&one, `select 1`); err != nil {
			t.Fatalf("before %s: %v", name, err)
		}
		r.set(true)
		start := time.Now()
		err := call()
		took := time.Since(start)
		r.set(false)
		if err == nil || !db.Gone(err) && !db.Cancelled(err) || took > 4*time.Second {
			t.Errorf("%s: %v after %s", name, err, took)
		}
	}
	testkit.Eventually(t, "the pool heals", func() bool { return pool.Get(&one, `select 1`) == nil })
}

// TestLongSilentWork: what is rightly silent for long has a pool of its own.
func TestLongSilentWork(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t)
	quick, err := db.Connect(d.DSN(), 0, 300*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer quick.Close() // nothing is pending
	if _, err := quick.Exec(`select pg_sleep(1)`); err == nil || !db.Gone(err) {
		t.Errorf("a second of silence on a pool that allows 0.3: %v", err)
	}
	slow, err := d.Slow()
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close() // nothing is pending
	if _, err := slow.Exec(`select pg_sleep(1)`); err != nil {
		t.Error(err)
	}
	for setting, want := range map[string][2]string{
		"statement_timeout": {"10s", "0"}, "timezone": {"UTC", "UTC"}, "jit": {"off", "off"}, "idle_in_transaction_session_timeout": {"1min", "1min"},
	} {
		var got [2]string
		if err := d.Get(&got[0], `select current_setting($1)`, setting); err != nil {
			t.Error(err)
		}
		if err := slow.Get(&got[1], `select current_setting($1)`, setting); err != nil || got != want {
			t.Errorf("%s is %v, want %v (%v)", setting, got, want, err)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		"host=/run dbname=g":                            "host=/run dbname=g a=1 b=2",
		"postgres://u:p%40@h:5/g?sslmode=require":       "postgres://u:p%40@h:5/g?a=1&b=2&sslmode=require",
		"postgresql://h/g?a=9":                          "postgresql://h/g?a=1&b=2",
		"postgres://u:p@h/g?host=%2Frun&sslmode=verify": "postgres://u:p@h/g?a=1&b=2&host=%2Frun&sslmode=verify",
	} {
		if got, err := db.WithKeys(dsn, "a=1 b=2"); err != nil || got != want {
			t.Errorf("%s became %s, %v", dsn, got, err)
		}
	}
	if _, err := db.WithKeys("postgres://u:secret@h:port/g", "a=1"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a broken address: %v", err)
	}
}
