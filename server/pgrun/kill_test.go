package pgrun

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestPostgreSQLDiesWithAKilledParent(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	h := startHelper(t, dir)
	exec1(t, open(t, h.dsn), `create table kept as select 1 as n`)
	h.kill()
	// Straight away, while it may still be going down.
	s := start(t, Options{Dir: dir, Settings: quick})
	if !gone(h.postgres) {
		t.Errorf("process %d lives on", h.postgres)
	}
	if n := get[int](t, open(t, s.DSN()), `select n from kept`); n != 1 {
		t.Errorf("got %d", n)
	}
}

// What a commit has acknowledged is there after kill -9 of the server and of
// PostgreSQL at the same moment, while many are writing.
func TestAcknowledgedCommitsSurvive(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	acknowledged := map[string]bool{}
	for round := range 3 {
		h := startHelper(t, dir, "PGRUN_TEST_SAFE=yes")
		db := open(t, h.dsn)
		db.SetMaxOpenConns(4)
		exec1(t, db, `create table if not exists kept (key text primary key)`)
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		var writers sync.WaitGroup
		for writer := range 4 {
			writers.Go(func() {
				for n := 0; ctx.Err() == nil; n++ {
					key := fmt.Sprintf("%d-%d-%d", round, writer, n)
					tx, err := db.BeginTx(ctx, nil)
					if err != nil {
						return
					}
					if _, err := tx.ExecContext(ctx, `insert into kept values ($1)`, key); err != nil {
						tx.Rollback()
						return
					}
					if tx.Commit() == nil {
						mu.Lock()
						acknowledged[key] = true
						mu.Unlock()
					}
				}
			})
		}
		time.Sleep(300 * time.Millisecond)
		if round%2 == 0 {
			kill(t, h.postgres, syscall.SIGKILL)
			h.kill()
		} else {
			h.cmd.Process.Kill()
			kill(t, h.postgres, syscall.SIGKILL)
			h.cmd.Wait()
		}
		time.Sleep(50 * time.Millisecond)
		cancel()
		writers.Wait()
	}
	s := start(t, Options{Dir: dir})
	rows, err := open(t, s.DSN()).QueryContext(t.Context(), `select key from kept`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	total := len(acknowledged)
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			t.Fatal(err)
		}
		delete(acknowledged, key)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if len(acknowledged) > 0 || total < 30 {
		t.Errorf("%d of %d acknowledged rows are lost", len(acknowledged), total)
	}
}

// The number in postmaster.pid may mean somebody else by now, of the same
// account even, or a zombie.
func TestARecycledProcessNumber(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	h := startHelper(t, dir)
	exec1(t, open(t, h.dsn), `create table kept as select 1 as n`)
	kill(t, h.postgres, syscall.SIGKILL)
	h.kill()
	a, err := chooseAccount(filepath.Join(dir, "cluster"))
	if err != nil {
		t.Fatal(err)
	}
	for what, command := range map[string][]string{"living": {"sleep", "60"}, "zombie": {"true"}} {
		other := exec.Command(command[0], command[1:]...)
		other.SysProcAttr, other.Dir = a.attributes(), "/"
		if err := other.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { other.Process.Kill(); other.Wait() })
		if what == "zombie" {
			within(t, 5*time.Second, "a zombie", func() bool { return gone(other.Process.Pid) })
		}
		text := fmt.Sprintf("%d\n%s\n1\n5432\n%s\n\n", other.Process.Pid, filepath.Join(dir, "cluster"), filepath.Join(dir, "run"))
		for _, file := range []string{"cluster/postmaster.pid", "run/.s.PGSQL.5432.lock"} {
			path := filepath.Join(dir, file)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := a.own(path); err != nil {
				t.Fatal(err)
			}
		}
		s := start(t, Options{Dir: dir, Settings: quick})
		if n := get[int](t, open(t, s.DSN()), `select n from kept`); n != 1 {
			t.Errorf("%s: got %d", what, n)
		}
		stop(t, s)
		if what == "living" && gone(other.Process.Pid) {
			t.Error("an innocent process was ended")
		}
	}
}

// A process of a killed PostgreSQL that takes its time to see it still writes:
// the next one must wait for it, not start beside it.
func TestRemainsAreWaitedFor(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	h := startHelper(t, dir)
	backend := get[int](t, open(t, h.dsn), `select pg_backend_pid()`)
	kill(t, backend, syscall.SIGSTOP)
	kill(t, h.postgres, syscall.SIGKILL)
	h.kill()
	const asleep = 1500 * time.Millisecond
	timer := time.AfterFunc(asleep, func() { syscall.Kill(backend, syscall.SIGCONT) })
	defer timer.Stop()
	began := time.Now()
	start(t, Options{Dir: dir, Settings: quick})
	if took := time.Since(began); took < asleep {
		t.Errorf("it started after %s, beside a process of the last one", took)
	}
}

// Where the kernel does not end PostgreSQL with its parent, the next start does.
func TestAnOrphanIsEnded(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	orphan, c := unsupervised(t, Options{Dir: dir, Settings: quick})
	orphan.unlock()
	start(t, Options{Dir: dir, Settings: quick})
	if !c.ended() && !gone(c.pid) {
		t.Error("the orphan lives")
	}
}

// What an administrator has started by hand is not an orphan.
func TestAPostgreSQLOfSomebodyElseIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir, run := folder(t), emptyFolder(t)
	a, err := chooseAccount(filepath.Join(dir, "cluster"))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.own(run); err != nil {
		t.Fatal(err)
	}
	prepared := &Server{log: newSilent(), quit: make(chan struct{})}
	if err := prepared.prepare(t.Context(), Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	prepared.place.run = run
	prepared.settings = quick
	c, err := prepared.launch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	prepared.unlock()
	refused(t, Options{Dir: dir}, "did not start", dir)
	if c.ended() {
		t.Error("it was ended")
	}
	if err := prepared.end(c, nil); err != nil {
		t.Error(err)
	}
	start(t, Options{Dir: dir, Settings: quick})
}

func TestPostgreSQLsOwnWordsAreTold(t *testing.T) {
	t.Parallel()
	refused(t, Options{Dir: folder(t), Settings: map[string]string{"shared_buffers": "much"}},
		"PostgreSQL did not start", "shared_buffers", "postgres.log")
}

// unsupervised launches without the goroutine that would start it again.
func unsupervised(t *testing.T, o Options) (*Server, *child) {
	t.Helper()
	s := &Server{log: newSilent(), settings: o.Settings, quit: make(chan struct{})}
	if err := s.prepare(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	c, err := s.launch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !c.ended() {
			if err := s.end(c, nil); err != nil && !strings.Contains(err.Error(), "could not") {
				t.Error(err)
			}
		}
	})
	return s, c
}
