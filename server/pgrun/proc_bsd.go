//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package pgrun

import (
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// dieWithUs cannot be had here: the next start ends the orphan.
func dieWithUs(*syscall.SysProcAttr, syscall.Signal) {}

// serves says whether the process is a PostgreSQL that runs on the cluster, by
// its arguments, which we gave it.
func serves(pid int, cluster string) verdict {
	out, err := exec.Command("ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		if errors.Is(send(pid, 0), syscall.ESRCH) {
			return no
		}
		return unknown
	}
	command := string(out)
	switch {
	case !strings.Contains(command, "postgres"):
		return no
	case strings.Contains(command, "-D "+cluster+" "):
		return yes
	}
	return unknown // a PostgreSQL, and nothing says that it is not this one
}
