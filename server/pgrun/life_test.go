package pgrun

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestARestartKeepsTheData(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(emptyFolder(t), "not", "there yet")
	s := start(t, Options{Dir: dir, Settings: quick})
	db := open(t, s.DSN())
	exec1(t, db, `create table kept (n int)`)
	exec1(t, db, `insert into kept values (7)`)
	for setting, want := range map[string]string{"jit": "off", "listen_addresses": "", "fsync": "off", "data_checksums": "on", "TimeZone": "UTC"} {
		if got := get[string](t, db, `select current_setting($1)`, setting); got != want {
			t.Errorf("%s is %q", setting, got)
		}
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Exited():
	default:
		t.Error("it was stopped and has not exited")
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Errorf("a second stop: %v", err)
	}

	s = start(t, Options{Dir: dir})
	db = open(t, s.DSN())
	if n := get[int](t, db, `select n from kept`); n != 7 {
		t.Errorf("got %d", n)
	}
	if got := get[string](t, db, `select current_setting('fsync')`); got != "on" {
		t.Errorf("fsync is %s where nobody turned it off", got)
	}
}

func TestTwoOnOneFolder(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	h := startHelper(t, dir)
	refused(t, Options{Dir: dir}, dir, "in use by another guildhall", "--data")
	link := filepath.Join(emptyFolder(t), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	refused(t, Options{Dir: link}, "in use")
	if n := get[int](t, open(t, h.dsn), `select 1`); n != 1 {
		t.Error("the first was harmed")
	}
	h.stdin.Close()
	if line := h.line(); line != "stopped" {
		t.Errorf("the helper said %q", line)
	}
}

func TestPostgreSQLIsStartedAgain(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Dir: folder(t), Settings: quick})
	db := open(t, s.DSN())
	exec1(t, db, `create table kept (n int)`)
	for n := range 3 {
		exec1(t, db, `insert into kept values ($1)`, n)
		pid := s.PID()
		kill(t, pid, syscall.SIGKILL)
		within(t, 20*time.Second, "another PostgreSQL", func() bool { return s.PID() != 0 && s.PID() != pid })
		// The same pool goes on, as the server's does.
		within(t, 5*time.Second, "the pool heals", func() bool { return db.Ping() == nil })
		if got := get[int](t, db, `select count(*) from kept`); got != n+1 {
			t.Errorf("%d rows of %d", got, n+1)
		}
	}
	select {
	case <-s.Exited():
		t.Error("it has given up")
	default:
	}
	if err := s.Err(); err != nil {
		t.Error(err)
	}
}

func TestItGivesUpWhenTheDataIsGone(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	s := start(t, Options{Dir: dir, Settings: quick})
	if err := os.Rename(filepath.Join(dir, "cluster"), filepath.Join(dir, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	kill(t, s.PID(), syscall.SIGKILL)
	select {
	case <-s.Exited():
	case <-time.After(20 * time.Second):
		t.Fatal("it goes on trying")
	}
	if err := s.Err(); !errors.Is(err, errHopeless) || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("it says %v", err)
	}
}

func TestStopGetsHarder(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Dir: folder(t), Settings: quick})
	db := open(t, s.DSN())
	exec1(t, db, `create table kept as select 1 as n`)
	// A process that does not listen holds a shutdown up for ever.
	backend := get[int](t, db, `select pg_backend_pid()`)
	kill(t, backend, syscall.SIGSTOP)
	t.Cleanup(func() { kill(t, backend, syscall.SIGKILL) })
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := s.Stop(ctx); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took < 300*time.Millisecond || took > 12*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestStopWhileItIsDown(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	s := start(t, Options{Dir: dir, Settings: quick})
	kill(t, s.PID(), syscall.SIGKILL)
	began := time.Now()
	stop(t, s)
	if took := time.Since(began); took > 12*time.Second {
		t.Errorf("it took %s", took)
	}
	if !gone(s.PID()) && s.PID() != 0 {
		t.Error("one is left")
	}
	start(t, Options{Dir: dir, Settings: quick})
}

// A start that was called off, or an initdb that was killed, may leave a folder
// that looks made; it must not be used.
func TestAHalfMadeClusterIsMadeAgain(t *testing.T) {
	t.Parallel()
	dir := emptyFolder(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if s, err := Start(ctx, Options{Dir: dir}); err == nil {
		stop(t, s)
		t.Fatal("it was started within a tenth of a second, so nothing was called off")
	}
	for _, file := range []string{"cluster.new/PG_VERSION", "cluster.new/base/1/112"} {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("15\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	start(t, Options{Dir: dir, Settings: quick})
	if _, err := os.Stat(filepath.Join(dir, "cluster.new")); err == nil {
		t.Error("it is still there")
	}
}

func TestSocketsInLongFolders(t *testing.T) {
	t.Parallel()
	for what, inside := range map[string]string{
		"long":   strings.Repeat("a long name ", 12) + "x",
		"comma":  "one, two",
		"quotes": `it's a \ "folder"`,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(emptyFolder(t), inside)
			if err := os.Rename(folder(t), dir); err != nil {
				t.Fatal(err)
			}
			s := start(t, Options{Dir: dir, Settings: quick})
			if n := get[int](t, open(t, s.DSN()), `select 1`); n != 1 {
				t.Errorf("got %d", n)
			}
			t.Cleanup(func() { os.RemoveAll(s.place.run) })
			info, err := os.Stat(s.place.run)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != 0o700 || len(s.place.run) > longestRun {
				t.Errorf("%s is %s", s.place.run, info.Mode())
			}
		})
	}
}

func TestASocketFolderThatSomebodyElseMade(t *testing.T) {
	t.Parallel()
	long := filepath.Join(emptyFolder(t), strings.Repeat("x", longestRun))
	if err := os.Mkdir(long, 0o755); err != nil {
		t.Fatal(err)
	}
	a, err := chooseAccount(filepath.Join(long, "cluster"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPlace(long, a)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(p.run) })
	if err := os.Chmod(p.run, 0o777); err != nil {
		t.Fatal(err)
	}
	refused(t, Options{Dir: long}, p.run, "open to others")
	if err := os.Remove(p.run); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(emptyFolder(t), p.run); err != nil {
		t.Fatal(err)
	}
	refused(t, Options{Dir: long}, p.run, "belongs to somebody else")
}
