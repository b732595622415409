package pgrun

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// account is who PostgreSQL runs as: ourselves, or, since PostgreSQL refuses to
// run as root, an account without rights when we are root.
type account struct {
	uid, gid int
	name     string
	other    bool // not ourselves: children have to change to it
}

// candidates are the accounts that a root start may use, best first. The first
// two have this purpose; the last is on every system.
var candidates = []string{"guildhall", "postgres", "nobody"}

// chooseAccount keeps to the owner of a cluster that is there.
func chooseAccount(cluster string) (account, error) {
	if os.Geteuid() != 0 {
		me, err := myName()
		if err != nil {
			return account{}, err
		}
		if info, err := os.Stat(cluster); err == nil {
			if uid, _ := owner(info); uid != os.Geteuid() {
				return account{}, fmt.Errorf("%s belongs to the account %s and guildhall runs as %s: start it as %s or as root, or choose another folder with --data",
					cluster, nameOf(uid), me, nameOf(uid))
			}
		}
		return account{uid: os.Geteuid(), gid: os.Getegid(), name: me}, nil
	}
	info, err := os.Stat(cluster)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return account{}, fmt.Errorf("the data of PostgreSQL: %w", err)
	}
	if err == nil {
		uid, gid := owner(info)
		if uid == 0 {
			return account{}, fmt.Errorf("%s belongs to root, and PostgreSQL does not run as root: give it to an account without rights (chown -R postgres), or choose another folder with --data", cluster)
		}
		return account{uid: uid, gid: gid, name: nameOf(uid), other: true}, nil
	}
	for _, candidate := range candidates {
		u, err := user.Lookup(candidate)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err1 == nil && err2 == nil && uid != 0 {
			return account{uid: uid, gid: gid, name: candidate, other: true}, nil
		}
	}
	return account{}, fmt.Errorf("PostgreSQL does not run as root, and there is none of the accounts %s: make one, start guildhall as another account, or set DATABASE_URL", strings.Join(candidates, ", "))
}

// canReach says in one sentence which folder, if any, shuts the account out.
func (a account) canReach(dir string) error {
	if !a.other {
		return nil
	}
	for at := dir; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if err != nil {
			return fmt.Errorf("the folder of the private PostgreSQL: %w", err)
		}
		uid, gid := owner(info)
		need := fs.FileMode(0o001)
		switch {
		case uid == a.uid:
			need = 0o100
		case gid == a.gid:
			need = 0o010
		}
		if info.Mode()&need == 0 {
			return fmt.Errorf("PostgreSQL does not run as root, and %s shuts out the account %s, as which it would run: "+
				"choose another folder with --data (such as /var/lib/guildhall), or set DATABASE_URL to use a server of your own", at, a.name)
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}

// own gives what we have just made to the account.
func (a account) own(path string) error {
	if !a.other {
		return nil
	}
	if err := os.Lchown(path, a.uid, a.gid); err != nil {
		return fmt.Errorf("give %s to the account %s: %w", path, a.name, err)
	}
	return nil
}

// myName is our own account as PostgreSQL will see it. Without an entry in the
// list of accounts neither initdb nor the check of who is asking works.
func myName() (string, error) {
	id := strconv.Itoa(os.Geteuid())
	if u, err := user.LookupId(id); err == nil {
		return u.Username, nil
	}
	// Without cgo, Go reads only /etc/passwd; a directory of accounts may know more.
	if out, err := exec.Command("id", "-un").Output(); err == nil {
		if found := strings.TrimSpace(string(out)); found != "" && found != id {
			return found, nil
		}
	}
	return "", fmt.Errorf("the account %s, as which guildhall runs, has no name on this machine (no entry in /etc/passwd), and PostgreSQL needs one: add it, run as another account, or set DATABASE_URL", id)
}

func nameOf(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return strconv.Itoa(uid)
}

// makeFolders makes what is missing of the path. With root's often strict umask
// the account could not enter, so the mode is set and not left to it.
func makeFolders(dir string) error {
	mode := fs.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711 // enter, but not list
	}
	var missing []string
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(at); err == nil || at == filepath.Dir(at) {
			break
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the folder of the private PostgreSQL: %w", err)
		}
		missing = append(missing, at)
	}
	for i := len(missing) - 1; i >= 0; i-- {
		if err := os.Mkdir(missing[i], mode); errors.Is(err, fs.ErrExist) {
			continue
		} else if errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("%w: choose another folder with --data", err)
		} else if err != nil {
			return fmt.Errorf("the folder of the private PostgreSQL: %w", err)
		}
		if err := os.Chmod(missing[i], mode); err != nil {
			return fmt.Errorf("the folder of the private PostgreSQL: %w", err)
		}
	}
	return nil
}
