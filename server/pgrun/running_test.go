package pgrun

import (
	"path/filepath"
	"testing"
)

// A backup goes beside the server that runs.
func TestARunningPostgreSQLIsFound(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	running := func() string {
		t.Helper()
		dsn, err := Running(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		return dsn
	}
	if dsn := running(); dsn != "" {
		t.Errorf("before the first start: %s", dsn)
	}
	h := startHelper(t, dir)
	if dsn := running(); dsn != h.dsn {
		t.Errorf("got %q, want %q", dsn, h.dsn)
	}
	exec1(t, open(t, running()), `create table kept as select 1 as n`)
	h.kill()
	if dsn := running(); dsn != "" {
		t.Errorf("after its end: %s", dsn)
	}
	if dsn, err := Running(t.Context(), filepath.Join(dir, "nowhere")); dsn != "" || err != nil {
		t.Errorf("no folder: %q, %v", dsn, err)
	}
}
