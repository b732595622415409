package pgrun

import (
	"context"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: how a start by root changes to another account; run the tests as root, in a container say")
	}
}

func TestRootRunsItAsSomebodyElse(t *testing.T) {
	t.Parallel()
	needRoot(t)
	s := start(t, Options{Dir: folder(t), Settings: quick})
	out, err := exec.Command("ps", "-o", "uid=,pgid=", "-p", strconv.Itoa(s.PID())).Output()
	words := strings.Fields(string(out))
	if err != nil || len(words) != 2 || words[0] == "0" || words[0] != strconv.Itoa(s.account.uid) {
		t.Errorf("it runs as %s, %v", out, err)
	}
	if words[1] != strconv.Itoa(s.PID()) {
		t.Errorf("it is in our process group, and Ctrl-C would end it first")
	}
	info, err := os.Stat(s.place.dir)
	if err != nil {
		t.Fatal(err)
	}
	if uid, _ := owner(info); uid != 0 {
		t.Error("the folder itself was given away")
	}
	// Another account does not get in, not even PostgreSQL's own.
	other := exec.Command("psql", s.DSN(), "-c", "select 1")
	other.SysProcAttr, other.Dir = s.account.attributes(), "/"
	if out, err := other.CombinedOutput(); err == nil {
		t.Errorf("the account %s got in: %s", s.account.name, out)
	}
}

func TestAFolderThatShutsTheAccountOut(t *testing.T) {
	t.Parallel()
	needRoot(t)
	shut := filepath.Join(emptyFolder(t), "private")
	if err := os.Mkdir(shut, 0o700); err != nil {
		t.Fatal(err)
	}
	refused(t, Options{Dir: filepath.Join(shut, "data", "postgres")}, shut+" shuts out", "--data", "DATABASE_URL")
	group := filepath.Join(emptyFolder(t), "group")
	if err := os.Mkdir(group, 0o750); err != nil {
		t.Fatal(err)
	}
	refused(t, Options{Dir: group}, "shuts out")
}

func TestDataOfRoot(t *testing.T) {
	t.Parallel()
	needRoot(t)
	dir := folder(t)
	if err := os.Chown(filepath.Join(dir, "cluster"), 0, 0); err != nil {
		t.Fatal(err)
	}
	refused(t, Options{Dir: dir}, "belongs to root", "chown")
}

// The same programs, started by an account without rights.
func TestAnOrdinaryAccount(t *testing.T) {
	t.Parallel()
	needRoot(t) // else every other test is this one
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(nobody.Uid)
	gid, _ := strconv.Atoi(nobody.Gid)
	dir, program := emptyFolder(t), filepath.Join(emptyFolder(t), "pgrun.test")
	if out, err := exec.Command("cp", os.Args[0], program).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	attr := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	h, line := run(t, program, attr, helperVariable+"="+dir)
	h.read(t, line)
	out, err := exec.Command("ps", "-o", "uid=", "-p", strconv.Itoa(h.postgres)).Output()
	if err != nil || strings.TrimSpace(string(out)) != nobody.Uid {
		t.Errorf("it runs as %s, %v", out, err)
	}
	h.stdin.Close()
	if line := h.line(); line != "stopped" {
		t.Fatalf("the helper said %q", line)
	}

	// Root takes it over as its owner, and leaves it so that the owner can go on.
	s := start(t, Options{Dir: dir, Settings: quick})
	if s.account.uid != uid {
		t.Errorf("root runs it as %s", s.account.name)
	}
	stop(t, s)
	h, line = run(t, program, attr, helperVariable+"="+dir)
	h.read(t, line)
	h.stdin.Close()
	h.line()

	// In a folder of root's it says whose it is.
	root := folder(t)
	s = start(t, Options{Dir: root, Settings: quick})
	if err := s.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, line := run(t, program, attr, helperVariable+"="+root); !strings.Contains(line, "belongs to the account root") {
		t.Errorf("the helper said %q", line)
	}

	// An account without a name is told so.
	nameless := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 54321, Gid: 54321}}
	own := emptyFolder(t)
	if err := os.Chown(own, 54321, 54321); err != nil {
		t.Fatal(err)
	}
	if _, line := run(t, program, nameless, helperVariable+"="+own); !strings.Contains(line, "no name") || !strings.Contains(line, "DATABASE_URL") {
		t.Errorf("the helper said %q", line)
	}
}
