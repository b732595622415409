package pgrun

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/lib/pq"
)

// keeperVariable tells a process that it is to be the keeper, and of which folder.
const keeperVariable = "GUILDHALL_TEST_KEEPER"

// How long the shared PostgreSQL outlives its last user: long enough for the
// next test process, or the next save of a file.
var lingerTime = 30 * time.Second

// How often the keeper looks whether there are users.
const lookTime = 250 * time.Millisecond

// How long a process waits for the shared PostgreSQL, a cold start included.
const sharedStart = 90 * time.Second

// sharedSettings are for tests: quick, and good for nothing after a power cut,
// which is why each keeper begins with a new cluster.
var sharedSettings = map[string]string{
	"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
	"max_connections": "400", "shared_buffers": "128MB", "max_wal_size": "2GB", "checkpoint_timeout": "1h",
}

// Its users hold usersFile as long as they live; whoever starts or ends it holds
// startFile.
const (
	usersFile = "users"
	startFile = "starting"
)

// joined is what this process uses. The locks are held until it ends, however it
// ends; were the open files not kept here, the garbage collector would close
// them and so end the locks.
var joined struct {
	sync.Mutex
	dsn   map[string]string
	users []*os.File
}

// Shared gives the DSN of a PostgreSQL that all test processes of this account
// share, and starts it when none runs. It ends by itself half a minute after
// the last of these processes. It lives in a folder for temporary files, and
// each life begins empty. The program must call KeepShared when it begins.
func Shared(ctx context.Context) (string, error) {
	return shared(ctx, filepath.Join(os.TempDir(), "guildhall-test-"+strconv.Itoa(os.Geteuid())))
}

func shared(ctx context.Context, dir string) (string, error) {
	joined.Lock()
	defer joined.Unlock()
	if dsn, ok := joined.dsn[dir]; ok {
		return dsn, nil
	}
	ctx, cancel := context.WithTimeout(ctx, sharedStart)
	defer cancel()
	dsn, err := join(ctx, dir)
	if err != nil {
		return "", fmt.Errorf("the shared PostgreSQL of the tests: %w", err)
	}
	if joined.dsn == nil {
		joined.dsn = map[string]string{}
	}
	joined.dsn[dir] = dsn
	return dsn, nil
}

// join makes this process a user and sees to it that there is a server.
func join(ctx context.Context, dir string) (string, error) {
	if err := makeFolders(dir); err != nil {
		return "", err
	}
	if !trusted(dir) {
		return "", fmt.Errorf("%s belongs to somebody else: remove it", dir)
	}
	users, err := waitLock(ctx, dir, usersFile, false)
	if err != nil {
		return "", err
	}
	joined.users = append(joined.users, users)
	starting, err := waitLock(ctx, dir, startFile, true)
	if err != nil {
		return "", err
	}
	defer starting.Close()
	if dsn, err := answers(ctx, dir); err == nil {
		return dsn, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("start its keeper: %w", err)
	}
	out, err := openOwn(dir, "keeper.log", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return "", fmt.Errorf("start its keeper: %w", err)
	}
	defer out.Close()
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), keeperVariable+"="+dir)
	// A pipe of ours held open would keep `go test` waiting.
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = out, out, apart()
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("start its keeper: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		dsn, err := answers(ctx, dir)
		if err == nil {
			return dsn, nil
		}
		select {
		case how := <-ended:
			words, _ := os.ReadFile(filepath.Join(dir, "keeper.log"))
			return "", fmt.Errorf("its keeper ended (%w): %s", how, lastLines(words))
		case <-ctx.Done():
			return "", fmt.Errorf("it did not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// answers gives the DSN that the keeper wrote down, if it is one that works.
func answers(ctx context.Context, dir string) (string, error) {
	dsn, err := os.ReadFile(filepath.Join(dir, "dsn"))
	if err != nil {
		return "", err
	}
	connector, err := pq.NewConnector(string(dsn) + " connect_timeout=2")
	if err != nil {
		return "", err
	}
	return string(dsn), ensureDatabase(ctx, connector)
}

// KeepShared returns at once, unless Shared has started this process to keep
// the PostgreSQL that it shares; then it does that and ends the process.
func KeepShared() {
	dir := os.Getenv(keeperVariable)
	if dir == "" {
		return
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := keep(dir, log); err != nil {
		log.Error("the shared PostgreSQL of the tests", "error", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// keep runs the server until nobody has used it for a while.
func keep(dir string, log *slog.Logger) error {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	// The keeper before us may still be on its way out.
	alone, err := waitLock(ctx, dir, "keeper", true)
	if err != nil {
		return err
	}
	defer alone.Close()
	data, dsn := filepath.Join(dir, "postgres"), filepath.Join(dir, "dsn")
	err = errors.Join(removeFile(dsn), os.RemoveAll(data))
	for tries := 0; err != nil && tries < 50; tries++ {
		// The PostgreSQL of a killed keeper writes its last files.
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
		err = os.RemoveAll(data)
	}
	if err != nil {
		return err
	}
	s, err := Start(ctx, Options{Dir: data, Bin: os.Getenv("GUILDHALL_PG_BIN"), Log: log, Settings: sharedSettings})
	if err != nil {
		return err
	}
	if err := os.WriteFile(dsn+".new", []byte(s.DSN()), 0o600); err != nil {
		return errors.Join(err, s.Stop(ctx))
	}
	if err := os.Rename(dsn+".new", dsn); err != nil {
		return errors.Join(err, s.Stop(ctx))
	}
	last, err := untilUnused(ctx, dir, s.Exited())
	defer func() {
		for _, f := range last {
			f.Close()
		}
	}()
	return errors.Join(err, removeFile(dsn), s.Stop(context.Background()), s.Err(), os.RemoveAll(data))
}

// untilUnused returns when nobody has been a user for a while, with the locks
// that keep new ones waiting until this keeper is gone; or when told to end.
func untilUnused(ctx context.Context, dir string, exited <-chan struct{}) ([]*os.File, error) {
	for idle := time.Duration(0); ; idle += lookTime {
		select {
		case <-ctx.Done():
			return nil, nil
		case <-exited:
			return nil, nil
		case <-time.After(lookTime):
		}
		locks, err := unused(dir)
		switch {
		case errors.Is(err, errLocked):
			idle = 0
		case err != nil:
			return nil, err
		case idle >= lingerTime:
			return locks, nil
		}
		for _, f := range locks {
			f.Close()
		}
	}
}

// unused takes both locks, or says errLocked when there are users or when one is
// starting.
func unused(dir string) ([]*os.File, error) {
	starting, err := openLocked(dir, startFile, true)
	if err != nil {
		return nil, err
	}
	users, err := openLocked(dir, usersFile, true)
	if err != nil {
		starting.Close()
		return nil, err
	}
	return []*os.File{starting, users}, nil
}

func openLocked(dir, file string, alone bool) (*os.File, error) {
	f, err := openOwn(dir, file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := tryLock(f, alone); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// waitLock is openLocked with patience.
func waitLock(ctx context.Context, dir, file string, alone bool) (*os.File, error) {
	for {
		f, err := openLocked(dir, file, alone)
		if !errors.Is(err, errLocked) {
			return f, err
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return nil, fmt.Errorf("wait for %s: %w", file, err)
		}
	}
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
