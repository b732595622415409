package pgrun

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// verdict is whether a process is the PostgreSQL of a cluster.
type verdict int

const (
	unknown verdict = iota
	yes
	no
)

// clearStale brings the folder to where a start can succeed, whatever the last
// one left behind. It runs under our lock, so nobody else is starting. The
// result is the process id in the old postmaster.pid when that is certainly not
// a PostgreSQL of this cluster, else 0.
func (s *Server) clearStale(ctx context.Context) (int, error) {
	pid, sockets, err := s.place.postmaster()
	if err != nil {
		return 0, err
	}
	stale := 0
	if pid != 0 {
		switch serves(abs(pid), s.place.cluster) {
		case yes:
			if err := s.endOrphan(ctx, pid, sockets); err != nil {
				return 0, err
			}
		case no:
			stale = abs(pid)
		case unknown:
			// PostgreSQL's own check decides; it errs on the side of not starting. If
			// it is one that runs, it keeps its socket.
			return 0, nil
		}
	}
	// They name the process that has just been seen to be gone, and PostgreSQL
	// believes them when that number lives again as another process.
	for _, file := range []string{".s.PGSQL.5432", ".s.PGSQL.5432.lock"} {
		if err := os.Remove(filepath.Join(s.place.run, file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, fmt.Errorf("remove an old socket: %w", err)
		}
	}
	return stale, nil
}

// postmaster reads what the last PostgreSQL wrote of itself: its process id,
// below 0 for one in single-user mode, 0 when there is none; and its socket's
// folder.
func (p place) postmaster() (int, string, error) {
	text, err := os.ReadFile(filepath.Join(p.cluster, "postmaster.pid"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, "", nil
	}
	if err != nil {
		return 0, "", fmt.Errorf("see whether PostgreSQL still runs: %w", err)
	}
	lines := append(strings.Split(string(text), "\n"), "", "", "", "", "")
	// Cut off by a crash while it was written it gives 0; PostgreSQL knows what to
	// do then.
	pid, _ := strconv.Atoi(strings.TrimSpace(lines[0]))
	return pid, strings.TrimSpace(lines[4]), nil
}

// endOrphan ends a PostgreSQL that an earlier run left behind. On Linux it is
// on its way out already, since it is told when its parent dies.
func (s *Server) endOrphan(ctx context.Context, pid int, sockets string) error {
	// Lacking a socket it is still starting, or in single-user mode.
	if pid < 0 || sockets != "" && sockets != s.place.run {
		return fmt.Errorf("a PostgreSQL that guildhall did not start (process %d) runs on %s: stop it first", abs(pid), s.place.cluster)
	}
	s.log.Warn("a PostgreSQL is left from an earlier run; ending it", "pid", pid)
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, 10 * time.Second}, {syscall.SIGQUIT, 5 * time.Second}, {syscall.SIGKILL, 5 * time.Second}} {
		if err := send(pid, step.signal); errors.Is(err, syscall.ESRCH) {
			return nil
		} else if err != nil {
			return fmt.Errorf("end the PostgreSQL (process %d) that an earlier run left behind: %w", pid, err)
		}
		for waited := time.Duration(0); waited < step.wait; waited += 20 * time.Millisecond {
			if serves(pid, s.place.cluster) == no {
				return nil
			}
			if err := pause(ctx, 20*time.Millisecond); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("the PostgreSQL (process %d) that an earlier run left behind cannot be ended", pid)
}

// pause waits, or says that the context has ended.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func abs(n int) int { return max(n, -n) }
