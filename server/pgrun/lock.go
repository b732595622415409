package pgrun

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// lockFolder makes sure that two never use one folder. The kernel frees the lock
// however we die.
func lockFolder(dir string) (*os.File, error) {
	f, err := openOwn(dir, "lock", os.O_CREATE|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrPermission) {
		who := "another account"
		if info, err := os.Stat(filepath.Join(dir, "lock")); err == nil {
			uid, _ := owner(info)
			who = "the account " + nameOf(uid)
		}
		return nil, fmt.Errorf("%s belongs to %s: start guildhall as that account, or choose another folder with --data", dir, who)
	}
	if err != nil {
		return nil, fmt.Errorf("lock the folder of the private PostgreSQL: %w", err)
	}
	if err := tryLock(f, true); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(f, 20)) // only to be told; empty is fine
		f.Close()
		if !errors.Is(err, errLocked) {
			return nil, fmt.Errorf("lock the folder of the private PostgreSQL (is it on a network drive?): %w", err)
		}
		by := "another guildhall"
		if pid := strings.TrimSpace(string(holder)); pid != "" {
			by += " (process " + pid + ")"
		}
		return nil, fmt.Errorf("%s is in use by %s: stop that one, or choose another folder with --data", dir, by)
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = fmt.Fprintln(f, os.Getpid())
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock the folder of the private PostgreSQL: %w", err)
	}
	return f, nil
}

func (s *Server) unlock() {
	if s.lock != nil {
		s.lock.Close()
	}
}

// openOwn opens a file of ours in the folder, never through a link, and gives
// it to the owner of the folder: a start by root must not shut that one out.
func openOwn(dir, file string, flags int, mode fs.FileMode) (*os.File, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, file), flags|noFollow, mode)
	if err != nil {
		return nil, err
	}
	if flags&os.O_CREATE != 0 {
		// The umask must not take away what PostgreSQL's account has to read.
		err = f.Chmod(mode)
	}
	if uid, gid := owner(info); err == nil && os.Geteuid() == 0 && uid != 0 {
		err = f.Chown(uid, gid)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
