package pgrun

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// share is a helper that uses the shared PostgreSQL until its input ends.
func share(dir string) int {
	dsn, err := shared(context.Background(), dir)
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	runtime.GC() // which closes files that nothing refers to, and so would end the lock
	fmt.Println("ready", 0, dsn)
	io.Copy(io.Discard, os.Stdin)
	return 0
}

func TestSharedByProcesses(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(emptyFolder(t), "shared")
	variables := []string{"PGRUN_TEST_SHARE=" + dir, "PGRUN_TEST_LINGER=500ms"} // the second is for the keeper
	var users []*helper
	for range 3 { // together, so that they race for the start
		users = append(users, launchHelper(t, os.Args[0], nil, variables...))
	}
	for _, h := range users {
		h.read(t, h.line())
		if h.dsn != users[0].dsn {
			t.Errorf("%s and %s", h.dsn, users[0].dsn)
		}
	}
	db := open(t, users[0].dsn)
	exec1(t, db, `create table kept as select 1 as n`)
	postmaster, err := os.ReadFile(filepath.Join(dir, "postgres", "cluster", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	users[0].kill() // it had started the keeper, perhaps
	users[1].stdin.Close()
	users[1].cmd.Wait()
	time.Sleep(1500 * time.Millisecond) // longer than it lingers
	if n := get[int](t, db, `select n from kept`); n != 1 {
		t.Errorf("got %d", n)
	}
	users[2].stdin.Close()
	users[2].cmd.Wait()
	data := filepath.Join(dir, "postgres")
	within(t, 15*time.Second, "the last one out ends it", func() bool {
		_, err := os.Stat(data)
		return os.IsNotExist(err)
	})
	pid, _, _ := strings.Cut(string(postmaster), "\n")
	if number, err := strconv.Atoi(pid); err != nil || !gone(number) {
		t.Errorf("process %s lives on", pid)
	}
	h, line := run(t, os.Args[0], nil, variables...)
	h.read(t, line)
	db = open(t, h.dsn)
	if there := get[bool](t, db, `select to_regclass('kept') is not null`); there {
		t.Error("a new life does not begin empty")
	}
	db.Close()
	h.stdin.Close()
	h.cmd.Wait()
	within(t, 15*time.Second, "it ends again", func() bool {
		_, err := os.Stat(data)
		return os.IsNotExist(err)
	})
}
