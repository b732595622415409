package main

import (
	"strings"
	"testing"

	"guildhall/server/testkit"
)

// TestSeedFillsOnlyADemonstration runs the command against databases: an
// empty one is filled and marked, and may be filled again; one with real
// people is refused before anything is written.
func TestSeedFillsOnlyADemonstration(t *testing.T) {
	people := func(args ...string) func(dsn string) error {
		return func(dsn string) error {
			t.Setenv("DATABASE_URL", dsn)
			return seedCommand(t.Context(), append(args, "--data", t.TempDir(), "--log-level", "error"))
		}
	}
	demo, small := people("--demo"), people("--size", "small")

	empty := testkit.DB(t)
	var n int
	count := func(query string) int {
		t.Helper()
		if err := empty.Get(&n, query); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for range 2 {
		if err := demo(empty.DSN()); err != nil {
			t.Fatal(err)
		}
		if count(`select count(*) from accounts`) != 60 || count(`select count(*) from server_settings where name = 'demo'`) != 1 {
			t.Errorf("the demonstration has %d people or no mark", n)
		}
	}
	if err := small(empty.DSN()); err != nil || count(`select count(*) from accounts`) != 60+120 {
		t.Errorf("a load set beside the demonstration: %d people (%v)", n, err)
	}

	real := testkit.New(t)
	var before, after int
	for i, seed := range []func(string) error{demo, small} {
		if err := real.DB.Get(&before, `select count(*) from accounts`); err != nil {
			t.Fatal(err)
		}
		if err := seed(real.DB.DSN()); err == nil || !strings.Contains(err.Error(), "real people") {
			t.Errorf("%d: a database with real people was not refused: %v", i, err)
		}
		if err := real.DB.Get(&after, `select count(*) from accounts`); err != nil || before != after {
			t.Errorf("%d: %d people became %d (%v)", i, before, after, err)
		}
	}
	for _, args := range [][]string{{}, {"--size"}, {"--size", "huge"}, {"--size=small", "--listen", "0.0.0.0:1"}} {
		if err := people(args...)(empty.DSN()); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
}
