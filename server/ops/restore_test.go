package ops_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"guildhall/server/ops"
	"guildhall/server/testkit"
)

// refused checks that a file is not restored, why, and that the database is
// as it was.
func refused(t *testing.T, w *testkit.World, path, why string) {
	t.Helper()
	before := tables(t, w.DB)
	if _, err := ops.Restore(t.Context(), whole(t, w.DB), path, true, io.Discard); err == nil || !strings.Contains(err.Error(), why) {
		t.Errorf("the error is %v and should say %q", err, why)
	}
	for name, print := range tables(t, w.DB) {
		if before[name] != print {
			t.Errorf("table %s has changed", name)
		}
	}
}

func TestAFileThatIsNotWholeIsRefused(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	good, err := os.ReadFile(back(t, w.DB))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "bad")
	write := func(b []byte) {
		t.Helper()
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	n := len(good)
	for at := 0; at < n; at += max(1, n/200) {
		bad := append([]byte(nil), good...)
		bad[at] ^= 0x20
		write(bad)
		if ops.CheckBackup(path) == nil {
			t.Errorf("a change of byte %d is not seen", at)
		}
		write(good[:at])
		if ops.CheckBackup(path) == nil {
			t.Errorf("a cut at byte %d is not seen", at)
		}
	}
	for _, at := range []int{n - 1, n - 20, n - 73} {
		write(good[:at])
		if ops.CheckBackup(path) == nil {
			t.Errorf("a cut at byte %d is not seen", at)
		}
	}
	write(append(append([]byte(nil), good...), '\n'))
	refused(t, w, path, "altered")
	write(good[:n/2])
	refused(t, w, path, "cut off")
	write([]byte("select 1;\n"))
	refused(t, w, path, "no backup")
	refused(t, w, path+".gone", "no such file")
}

func TestAFileOfANewerVersionIsRefused(t *testing.T) {
	t.Parallel()
	w, newer := testkit.New(t), testkit.DB(t)
	if _, err := newer.Exec(`insert into goose_db_version (version_id, is_applied) values (90000, true)`); err != nil {
		t.Fatal(err)
	}
	refused(t, w, back(t, newer), "newer version")
}

func TestADatabaseInUseIsRefused(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	path := back(t, w.DB)
	other := testkit.DB(t)
	if _, err := other.Exec(`insert into accounts (name) values ('Somebody')`); err != nil {
		t.Fatal(err)
	}
	if _, err := ops.Restore(t.Context(), whole(t, other), path, false, io.Discard); err == nil || !strings.Contains(err.Error(), "there are people") {
		t.Errorf("people in it: %v", err)
	}
	conn, err := other.Conn(t.Context()) // stands for a server
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := ops.Restore(t.Context(), whole(t, other), path, true, io.Discard); err == nil || !strings.Contains(err.Error(), "stop the server") {
		t.Errorf("a server on it: %v", err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := ops.Restore(t.Context(), whole(t, other), path, true, io.Discard); err != nil {
		t.Errorf("told to replace it: %v", err)
	}
	var people int
	if err := other.Get(&people, `select count(*) from accounts where name = 'Somebody'`); err != nil || people != 0 {
		t.Errorf("%d people of before are there, %v", people, err)
	}
	foreign := testkit.DB(t)
	if _, err := foreign.Exec(`drop schema public cascade; create schema public; create table things (n int)`); err != nil {
		t.Fatal(err)
	}
	if _, err := ops.Restore(t.Context(), whole(t, foreign), path, false, io.Discard); err == nil || !strings.Contains(err.Error(), "not Guildhall's") {
		t.Errorf("somebody else's tables: %v", err)
	}
}

// TestARestoreThatFailsCanBeRepeated: its rows are in one transaction.
func TestARestoreThatFailsCanBeRepeated(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	good, d := back(t, w.DB), testkit.DB(t)
	if _, err := w.DB.Exec(`alter table room_heads disable trigger all; insert into room_heads values (424242, 1)`); err != nil {
		t.Fatal(err)
	}
	if _, err := ops.Restore(t.Context(), whole(t, d), back(t, w.DB), false, io.Discard); err == nil || !strings.Contains(err.Error(), "room_heads_room_fkey") {
		t.Fatalf("a row that refers to nothing: %v", err)
	}
	if _, err := ops.Restore(t.Context(), whole(t, d), good, false, io.Discard); err != nil {
		t.Error(err)
	}
}

func TestABackupThatFailsLeavesTheLastOne(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	path := back(t, w.DB)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ops.Backup(ctx, whole(t, w.DB), path, "test", io.Discard); err == nil {
		t.Error("no error")
	}
	if err := ops.CheckBackup(path); err != nil {
		t.Error(err)
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("%v, %v", files, err)
	}
}

// TestReferencesCanWait: a restore stores tables in any order.
func TestReferencesCanWait(t *testing.T) {
	t.Parallel()
	var rigid []string
	const query = `select conname from pg_constraint where contype = 'f' and not condeferrable and connamespace = 'public'::regnamespace`
	if err := testkit.DB(t).Select(&rigid, query); err != nil || len(rigid) > 0 {
		t.Errorf("foreign keys must be deferrable: %v, %v", rigid, err)
	}
}
