//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package pgrun

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

const (
	supported = true
	noFollow  = syscall.O_NOFOLLOW
)

// errLocked says that somebody else holds the lock.
var errLocked = errors.New("locked")

// tryLock locks the file, alone or together with others, or says errLocked. The
// lock is the kernel's and ends with the open file.
func tryLock(f *os.File, alone bool) error {
	how := syscall.LOCK_SH
	if alone {
		how = syscall.LOCK_EX
	}
	for {
		switch err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB); {
		case err == nil:
			return nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return errLocked
		case !errors.Is(err, syscall.EINTR):
			return err
		}
	}
}

func owner(info fs.FileInfo) (uid, gid int) {
	st := info.Sys().(*syscall.Stat_t)
	return int(st.Uid), int(st.Gid)
}

// trusted says whether a program was put there by us or by root.
func trusted(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	uid, _ := owner(info)
	return uid == 0 || uid == os.Geteuid()
}

// attributes make a child run as the account, in a process group of its own:
// Ctrl-C in a terminal is for us, who then end PostgreSQL in good order.
func (a account) attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if a.other {
		attr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return attr
}

func send(pid int, signal syscall.Signal) error { return syscall.Kill(pid, signal) }

// apart makes a child outlive us, our terminal and our session.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
