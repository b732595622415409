package pgrun

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	// A socket's whole path may have 107 bytes on Linux and 103 on macOS. With
	// "/.s.PGSQL.5432" behind it, a folder of this length stays well below.
	longestRun = 80
	// The log starts anew at a start when it has grown beyond this.
	largestLog = 10 << 20
)

// place is the folder of one private PostgreSQL. The folder itself belongs to
// whoever runs guildhall; only cluster and run belong to PostgreSQL's account,
// and guildhall writes nothing inside them: as root it would follow whatever
// that account has put there.
type place struct {
	dir     string
	cluster string // what initdb made
	run     string // the socket
	account account
}

func newPlace(dir string, a account) (place, error) {
	p := place{dir: dir, cluster: filepath.Join(dir, "cluster"), run: filepath.Join(dir, "run"), account: a}
	// lib/pq takes a comma in a host for a list of hosts.
	if len(p.run) > longestRun || strings.Contains(p.run, ",") {
		hash := sha256.Sum256([]byte(dir))
		p.run = filepath.Join(os.TempDir(), "gh-pg-"+hex.EncodeToString(hash[:8]))
		if len(p.run) > longestRun || strings.Contains(p.run, ",") {
			return p, fmt.Errorf("the folders %s and %s are both unfit for a Unix socket (at most %d characters, no comma): choose another folder with --data", dir, os.TempDir(), longestRun)
		}
		if err := a.canReach(filepath.Dir(p.run)); err != nil {
			return p, err
		}
	}
	return p, makePrivate(p.run, a)
}

// makePrivate makes a folder that only the account may open. One that is there
// already must be just so: in a folder for temporary files anybody could have
// made it first.
func makePrivate(dir string, a account) error {
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		return a.own(dir)
	}
	if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("the folder of PostgreSQL's socket: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("the folder of PostgreSQL's socket: %w", err)
	}
	uid, _ := owner(info)
	switch {
	case !info.IsDir(), uid != a.uid && uid != os.Geteuid():
		return fmt.Errorf("%s, where PostgreSQL's socket would be, belongs to somebody else or is no folder: remove it, or choose another folder with --data", dir)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%s, where PostgreSQL's socket would be, is open to others: run chmod 700 on it, or choose another folder with --data", dir)
	case uid != a.uid: // a start that was killed between the two steps
		return a.own(dir)
	}
	return nil
}

// exists says whether a cluster was made here.
func (p place) exists() bool {
	_, err := os.Stat(p.cluster)
	return err == nil
}

// major is the version that wrote the cluster. When there is no cluster the
// error is os.ErrNotExist.
func (p place) major() (int, error) {
	if _, err := os.Stat(p.cluster); err != nil {
		return 0, fmt.Errorf("the data of PostgreSQL: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(p.cluster, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, fmt.Errorf("%s holds no data of PostgreSQL (it has no PG_VERSION): move it away, or choose another folder with --data", p.cluster)
	}
	if err != nil {
		return 0, fmt.Errorf("the version of the data: %w", err)
	}
	major, err := strconv.Atoi(string(bytes.TrimSpace(text)))
	if err != nil {
		return 0, fmt.Errorf("the version of the data in %s: %w", p.cluster, err)
	}
	return major, nil
}

// writeAccess lets the account that runs guildhall in as the role guildhall, by
// what the kernel says of the other end of the socket, and nobody else. It is
// written at each start, because that account may have changed.
func (p place) writeAccess() error {
	me, err := myName()
	if err != nil {
		return err
	}
	quoted := `"` + strings.ReplaceAll(me, `"`, `""`) + `"`
	for file, text := range map[string]string{
		"pg_hba.conf":   "local all " + name + " peer map=" + name + "\n",
		"pg_ident.conf": name + " " + quoted + " " + name + "\n",
	} {
		// By rename, so that no reader sees half of it and no link is followed.
		path := filepath.Join(p.dir, file)
		if err := os.Remove(path + ".new"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("write %s: %w", file, err)
		}
		f, err := openOwn(p.dir, file+".new", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err != nil {
			return fmt.Errorf("write %s: %w", file, err)
		}
		_, err = f.WriteString(text)
		if closed := f.Close(); err == nil {
			err = closed
		}
		if err == nil {
			err = os.Rename(path+".new", path)
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", file, err)
		}
	}
	return nil
}

// dsn reaches a database of the cluster.
func (p place) dsn(database string) string {
	quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace
	return fmt.Sprintf("host='%s' port=5432 user=%s dbname='%s' sslmode=disable", quote(p.run), name, quote(database))
}

func (p place) logPath() string { return filepath.Join(p.dir, "postgres.log") }

// openLog opens PostgreSQL's own log for appending and gives its size. It is a
// file and no pipe, which would break PostgreSQL's last words when we die.
func (p place) openLog() (*os.File, int64, error) {
	if info, err := os.Lstat(p.logPath()); err == nil && info.Size() > largestLog {
		if err := os.Rename(p.logPath(), p.logPath()+".1"); err != nil {
			return nil, 0, fmt.Errorf("the log of PostgreSQL: %w", err)
		}
	}
	f, err := openOwn(p.dir, "postgres.log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, 0, fmt.Errorf("the log of PostgreSQL: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, fmt.Errorf("the log of PostgreSQL: %w", err)
	}
	return f, info.Size(), nil
}

// lastWords are the last five lines that the log has got since it had the given
// size.
func (p place) lastWords(from int64) string {
	f, err := os.Open(p.logPath())
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		from = max(from, info.Size()-4096)
	}
	text, _ := io.ReadAll(io.NewSectionReader(f, from, 4096)) // half of it is better than none
	return lastLines(text)
}

// lastLines are the last five lines of a program's output, as one line.
func lastLines(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], " | ")
}
