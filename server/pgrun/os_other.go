//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package pgrun

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// Start says so before anything here is reached.
const (
	supported = false
	noFollow  = 0
)

var (
	errLocked      = errors.New("locked")
	errUnsupported = errors.New("not on this operating system")
)

func tryLock(*os.File, bool) error                   { return errUnsupported }
func owner(fs.FileInfo) (uid, gid int)               { return 0, 0 }
func trusted(string) bool                            { return false }
func (a account) attributes() *syscall.SysProcAttr   { return nil }
func send(int, syscall.Signal) error                 { return errUnsupported }
func apart() *syscall.SysProcAttr                    { return nil }
func dieWithUs(*syscall.SysProcAttr, syscall.Signal) {}
func serves(int, string) verdict                     { return unknown }
