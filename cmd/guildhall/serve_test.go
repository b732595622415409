package main

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"guildhall/server/testkit"
)

// TestAdminLeavesTheServersWorkAlone: a command beside a running server takes
// none of its jobs; its mail would go to that shell's folder.
func TestAdminLeavesTheServersWorkAlone(t *testing.T) {
	d := testkit.DB(t)
	if _, err := d.Exec(`insert into jobs (kind, payload) values ('accounts.mail-code', '{"codeId": "1"}')`); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DATABASE_URL", d.DSN())
	create := func(more ...string) string {
		t.Helper()
		args := append([]string{"create", "--email", "chief@council.example", "--name", "Chief", "--data", t.TempDir(), "--log-level", "error"}, more...)
		return printed(t, func() error { return admin(context.Background(), args) })
	}
	if out := create(); !strings.Contains(out, "on the sign-in page") || strings.Contains(out, "http://") {
		t.Errorf("without an address it prints one: %s", out)
	}
	if out := create("--url", "https://guildhall.example"); !strings.Contains(out, "https://guildhall.example/sign-in") {
		t.Errorf("the address is not printed: %s", out)
	}
	var waiting int
	if err := d.Get(&waiting, `select count(*) from jobs where kind = 'accounts.mail-code' and attempts = 0`); err != nil {
		t.Fatal(err)
	}
	if waiting != 1 {
		t.Error("the command took the server's job")
	}
}

// TestATakenPortIsFoundFirst: before a PostgreSQL is made, or a database is
// marked as a demonstration's.
func TestATakenPortIsFoundFirst(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close() // nobody connects
	start := func() {
		t.Helper()
		err := serve(t.Context(), []string{"--demo", "--listen", taken.Addr().String(), "--data", filepath.Join(t.TempDir(), "data")})
		if err == nil || !strings.Contains(err.Error(), "--listen") || !strings.Contains(err.Error(), "GUILDHALL_LISTEN=127.0.0.1:8081 make run") {
			t.Errorf("the error is %v", err)
		}
	}
	d := testkit.DB(t)
	t.Setenv("DATABASE_URL", d.DSN())
	start()
	var marks int
	if err := d.Get(&marks, `select count(*) from server_settings where name = 'demo'`); err != nil || marks != 0 {
		t.Errorf("the database has %d marks, %v", marks, err)
	}
	t.Setenv("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing")
	start()
}

// TestDescriptionNeedsNoDatabase: whatever DATABASE_URL says, it is not touched.
func TestDescriptionNeedsNoDatabase(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing")
	want, err := os.ReadFile("../../docs/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if out := printed(t, func() error { return openapi(context.Background(), nil) }); out != string(want) {
		t.Error("the description is not the committed one")
	}
}

// printed gives what f writes to the standard output.
func printed(t *testing.T, f func() error) string {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "stdout")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() // it was only read
	real := os.Stdout
	os.Stdout = file
	err = f()
	os.Stdout = real
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
