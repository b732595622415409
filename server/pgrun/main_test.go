package pgrun

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lib/pq"
)

// The test program is also the server that the tests kill: with this variable
// set it runs a PostgreSQL in that folder until its input ends.
const helperVariable = "PGRUN_TEST_SERVE"

func TestMain(m *testing.M) {
	if linger, err := time.ParseDuration(os.Getenv("PGRUN_TEST_LINGER")); err == nil {
		lingerTime = linger
	}
	KeepShared()
	if dir := os.Getenv(helperVariable); dir != "" {
		os.Exit(serve(dir))
	}
	if dir := os.Getenv("PGRUN_TEST_SHARE"); dir != "" {
		os.Exit(share(dir))
	}
	code := m.Run()
	if made.dir != "" {
		os.RemoveAll(made.dir)
	}
	os.Exit(code)
}

// serve is the helper: it says "ready", the process of PostgreSQL and the DSN,
// and stops when its input ends.
func serve(dir string) int {
	settings := quick
	if os.Getenv("PGRUN_TEST_SAFE") != "" {
		settings = nil
	}
	s, err := Start(context.Background(), Options{Dir: dir, Bin: os.Getenv("GUILDHALL_PG_BIN"), Settings: settings})
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	fmt.Println("ready", s.PID(), s.DSN())
	io.Copy(io.Discard, os.Stdin)
	if err := s.Stop(context.Background()); err != nil {
		fmt.Println("error", err)
		return 1
	}
	fmt.Println("stopped")
	return 0
}

// helper is a running copy of this program.
type helper struct {
	cmd      *exec.Cmd
	stdin    io.Closer
	lines    *bufio.Scanner
	postgres int
	dsn      string
}

// run starts the program with the variables, and gives its first line.
func run(t *testing.T, program string, attr *syscall.SysProcAttr, variables ...string) (*helper, string) {
	t.Helper()
	h := launchHelper(t, program, attr, variables...)
	return h, h.line()
}

// launchHelper is run without the wait.
func launchHelper(t *testing.T, program string, attr *syscall.SysProcAttr, variables ...string) *helper {
	t.Helper()
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), variables...)
	cmd.SysProcAttr, cmd.Stderr, cmd.Dir = attr, os.Stderr, "/"
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h := &helper{cmd: cmd, stdin: stdin, lines: bufio.NewScanner(stdout)}
	t.Cleanup(h.kill)
	return h
}

// startHelper starts a helper that serves the folder.
func startHelper(t *testing.T, dir string, variables ...string) *helper {
	t.Helper()
	h, line := run(t, os.Args[0], nil, append(variables, helperVariable+"="+dir)...)
	h.read(t, line)
	return h
}

func (h *helper) line() string {
	h.lines.Scan()
	return h.lines.Text()
}

func (h *helper) read(t *testing.T, line string) {
	t.Helper()
	words := strings.SplitN(line, " ", 3)
	if words[0] != "ready" {
		t.Fatalf("the helper said %q", line)
	}
	h.postgres, _ = strconv.Atoi(words[1])
	h.dsn = words[2]
}

// kill is kill -9, and waits until it is gone.
func (h *helper) kill() {
	h.cmd.Process.Kill()
	h.cmd.Wait()
}

// made is a cluster that is made once; tests take copies of it.
var made struct {
	sync.Once
	dir string
	err error
}

// folder gives a folder with a cluster in it. It does not lie in t.TempDir,
// which only its owner can enter.
func folder(t *testing.T) string {
	t.Helper()
	made.Do(func() {
		if made.dir, made.err = os.MkdirTemp("", "pgrun-made-"); made.err != nil {
			return
		}
		if made.err = os.Chmod(made.dir, 0o755); made.err != nil {
			return
		}
		var s *Server
		if s, made.err = Start(context.Background(), Options{Dir: made.dir, Settings: quick}); made.err == nil {
			made.err = s.Stop(context.Background())
		}
	})
	if made.err != nil {
		t.Fatal(made.err)
	}
	dir := emptyFolder(t)
	if out, err := exec.Command("cp", "-a", filepath.Join(made.dir, "cluster"), dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

// quick leaves out what protects against a power cut only: what has been
// written survives any kill.
var quick = map[string]string{"fsync": "off", "full_page_writes": "off"}

func emptyFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgrun-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// A PostgreSQL that has just been killed may still write its last file.
		for range 20 {
			if os.RemoveAll(dir) == nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Errorf("%s could not be removed", dir)
	})
	return dir
}

// start starts a server that the end of the test stops.
func start(t *testing.T, o Options) *Server {
	t.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	if err := s.Stop(context.Background()); err != nil && s.hopeful() {
		t.Error(err)
	}
}

func newSilent() *slog.Logger { return slog.New(slog.DiscardHandler) }

func (s *Server) hopeful() bool { return !errors.Is(s.err, errHopeless) }

// refused starts what must not start, and checks what the sentence says.
func refused(t *testing.T, o Options, wants ...string) {
	t.Helper()
	s, err := Start(t.Context(), o)
	if err == nil {
		stop(t, s)
		t.Fatal("it started")
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the sentence should say %q: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("the sentence has several lines: %v", err)
	}
}

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	connector, err := pq.NewConnector(dsn + " connect_timeout=5")
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db
}

func exec1(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func get[T any](t *testing.T, db *sql.DB, query string, args ...any) (v T) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

// within waits for something to come true.
func within(t *testing.T, limit time.Duration, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", limit, what)
		}
	}
}

// gone says whether the process has ended, a zombie included.
func gone(pid int) bool {
	out, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err != nil || strings.HasPrefix(strings.TrimSpace(string(out)), "Z")
}

// kill sends a signal to one process. A 0 would mean all of our own.
func kill(t *testing.T, pid int, signal syscall.Signal) {
	t.Helper()
	if pid <= 1 {
		t.Fatalf("%d is no process to kill", pid)
	}
	if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		t.Fatal(err)
	}
}
