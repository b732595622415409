package pgrun

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// dieWithUs has the kernel send the signal when the thread that starts the
// child ends, and so at the latest when we are killed. Go sets it after the
// change of account, which would clear it.
func dieWithUs(attr *syscall.SysProcAttr, signal syscall.Signal) { attr.Pdeathsig = signal }

// serves says whether the process is a PostgreSQL that runs on the cluster. A
// postmaster has changed to its data folder; a zombie has none. Without the
// right to see that (root in a container may lack it) its arguments tell.
func serves(pid int, cluster string) verdict {
	ours, err := os.Stat(cluster)
	if err != nil {
		return unknown
	}
	proc := fmt.Sprintf("/proc/%d", pid)
	cwd, err := os.Stat(proc + "/cwd")
	switch {
	case err == nil:
		if os.SameFile(cwd, ours) {
			return yes
		}
		return no
	case errors.Is(err, fs.ErrNotExist): // gone, or a zombie
		if _, err := os.Stat("/proc/self/cwd"); err == nil {
			return no
		}
		return unknown // no /proc here
	}
	args, err := os.ReadFile(proc + "/cmdline")
	if err != nil {
		return unknown
	}
	words := bytes.Split(args, []byte{0})
	if filepath.Base(string(words[0])) != "postgres" {
		return no
	}
	for i, word := range words[:len(words)-1] {
		if string(word) != "-D" {
			continue
		}
		if theirs, err := os.Stat(string(words[i+1])); err == nil {
			if os.SameFile(theirs, ours) {
				return yes
			}
			return no
		}
	}
	return unknown // a PostgreSQL, and nothing says that it is not this one
}
