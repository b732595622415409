package pgrun

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

const (
	// How long the remains of a killed PostgreSQL may hold its memory.
	remainsTime = 10 * time.Second
	// How long PostgreSQL may take to answer anything at all. Once it says that
	// it is recovering, it may take as long as it needs.
	silentTime = 60 * time.Second
)

// child is a running program that we started.
type child struct {
	cmd     *exec.Cmd
	pid     int
	logFrom int64         // where its log begins
	done    chan struct{} // closed when it has ended
	err     error         // how; set before done is closed
}

// begin starts the program from a thread that lives as long as the program: the
// kernel's "your parent has died" goes by the thread (golang/go#27505).
func begin(cmd *exec.Cmd) (*child, error) {
	c := &child{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		err := cmd.Start()
		if err == nil {
			c.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			c.err = cmd.Wait()
			close(c.done)
		}
	}()
	return c, <-started
}

func (c *child) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// how says how it ended, in the words of the system.
func (c *child) how() string {
	if c.err != nil {
		return c.err.Error()
	}
	return "exit status 0"
}

func (c *child) signal(signal syscall.Signal) {
	// The only error is that it has ended, which done tells.
	_ = c.cmd.Process.Signal(signal)
}

// environment is all that PostgreSQL's programs get to see: no secret of ours
// and no locale of a terminal.
func environment(more ...string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}, more...)
}

// launch starts PostgreSQL and waits until it answers and has our database.
func (s *Server) launch(ctx context.Context) (*child, error) {
	for waited := time.Duration(0); ; waited += 250 * time.Millisecond {
		c, err := s.spawn(ctx)
		if err != nil {
			return nil, err
		}
		err = s.ready(ctx, c)
		if err == nil {
			return c, nil
		}
		if !c.ended() {
			if stuck := s.end(c, nil); stuck != nil {
				return nil, errors.Join(err, stuck)
			}
		}
		// Processes of a killed PostgreSQL see within moments that it is gone.
		if waited >= remainsTime || !strings.Contains(err.Error(), "pre-existing shared memory block") {
			return nil, err
		}
		if err := pause(ctx, 250*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// spawn starts the process.
func (s *Server) spawn(ctx context.Context) (*child, error) {
	stale, err := s.clearStale(ctx)
	if err != nil {
		return nil, err
	}
	log, from, err := s.place.openLog()
	if err != nil {
		return nil, err
	}
	defer log.Close() // the child has its own
	cmd := exec.Command(s.programs.path("postgres"), s.arguments()...)
	cmd.Dir = s.place.run // one that the account can enter
	cmd.Env = environment()
	if stale != 0 {
		// The number in postmaster.pid is a zombie's or another program's now, and
		// PostgreSQL would take it for a living PostgreSQL. Named so, it is not
		// believed, while the check for surviving processes by shared memory still
		// is made, which removing the file would have prevented.
		cmd.Env = environment("PG_GRANDPARENT_PID=" + strconv.Itoa(stale))
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = s.account.attributes()
	dieWithUs(cmd.SysProcAttr, syscall.SIGINT) // a fast shutdown
	c, err := begin(cmd)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	c.logFrom = from
	return c, nil
}

// arguments are PostgreSQL's command line: all settings, so that nothing hangs
// on a file that somebody may have edited for another version.
func (s *Server) arguments() []string {
	settings := map[string]string{
		"listen_addresses":                    "",
		"port":                                "5432", // only part of the socket's name
		"unix_socket_directories":             s.place.run,
		"unix_socket_permissions":             "0700",
		"hba_file":                            filepath.Join(s.place.dir, "pg_hba.conf"),
		"ident_file":                          filepath.Join(s.place.dir, "pg_ident.conf"),
		"external_pid_file":                   "",
		"logging_collector":                   "off",
		"max_connections":                     "60",
		"shared_buffers":                      "256MB",
		"timezone":                            "UTC",
		"log_timezone":                        "UTC",
		"lc_messages":                         "C",
		"jit":                                 "off",
		"fsync":                               "on",
		"synchronous_commit":                  "on",
		"full_page_writes":                    "on",
		"idle_in_transaction_session_timeout": "60s",
		"log_min_duration_statement":          "500ms",
		// What people wrote has no place in a log: no parameters, and no details of
		// an error, which quote the row.
		"log_parameter_max_length":          "0",
		"log_parameter_max_length_on_error": "0",
		"log_error_verbosity":               "terse",
		"log_min_error_statement":           "panic",
	}
	maps.Copy(settings, s.settings)
	args := []string{"-D", s.place.cluster}
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", key+"="+settings[key])
	}
	return args
}

// ready waits until PostgreSQL answers, and makes our database if there is none.
func (s *Server) ready(ctx context.Context, c *child) error {
	connector, err := pq.NewConnector(s.place.dsn("postgres") + " connect_timeout=2")
	if err != nil {
		return fmt.Errorf("reach PostgreSQL: %w", err) // one of libpq's PG... variables is wrong
	}
	silent, slow := time.NewTimer(silentTime), time.NewTimer(2*time.Second)
	defer silent.Stop()
	defer slow.Stop()
	for tries := 0; ; tries++ {
		err := ensureDatabase(ctx, connector)
		if err == nil {
			return nil
		}
		if c.ended() {
			return fmt.Errorf("PostgreSQL did not start (%s): %s (see %s)", c.how(), s.place.lastWords(c.logFrom), s.place.logPath())
		}
		var said *pq.Error
		switch recovering := pq.As(err, pqerror.CannotConnectNow) != nil; {
		case recovering && passed(slow):
			s.log.Info("PostgreSQL is bringing its data up to date after a crash; this can take minutes")
		case recovering:
		case errors.As(err, &said): // it runs, and this is its last word
			return fmt.Errorf("PostgreSQL refuses us: %w", err)
		case passed(silent):
			return fmt.Errorf("PostgreSQL did not answer for %s: %w (see %s)", silentTime, err, s.place.logPath())
		}
		wait := 10 * time.Millisecond
		if tries > 100 {
			wait = 50 * time.Millisecond
		}
		select {
		case <-c.done: // the next round says why
		case <-time.After(wait):
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL was not ready in time: %w", ctx.Err())
		}
	}
}

// passed says, once, that the timer has run out.
func passed(timer *time.Timer) bool {
	select {
	case <-timer.C:
		return true
	default:
		return false
	}
}

// ensureDatabase is one try to connect and see to the database.
func ensureDatabase(ctx context.Context, connector driver.Connector) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	db := sql.OpenDB(connector)
	defer db.Close()
	var there bool
	if err := db.QueryRowContext(ctx, `select exists (select from pg_database where datname = $1)`, name).Scan(&there); err != nil || there {
		return err
	}
	_, err := db.ExecContext(ctx, `create database `+pq.QuoteIdentifier(name))
	return err
}
