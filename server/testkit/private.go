package testkit

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"guildhall/server"
	"guildhall/server/config"
	"guildhall/server/db"
	"guildhall/server/pgrun"
)

// PrivateDB gives the test a PostgreSQL of its own as people run it, with fsync
// on, and a migrated database in it: for what is measured, or killed.
func PrivateDB(t testing.TB) (*db.DB, *pgrun.Server) {
	t.Helper()
	dir, err := os.MkdirTemp("", "guildhall-private-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // the account that runs PostgreSQL must get through
		t.Fatal(err)
	}
	run, err := pgrun.Start(context.Background(), pgrun.Options{Dir: filepath.Join(dir, "pg"), Bin: os.Getenv("GUILDHALL_PG_BIN")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = run.Stop(context.Background()) })
	d, err := db.Open(context.Background(), db.Options{DSN: run.DSN(), Pool: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	if err := server.Migrate(context.Background(), d, config.Config{Name: "Guildhall"}); err != nil {
		t.Fatal(err)
	}
	return d, run
}
