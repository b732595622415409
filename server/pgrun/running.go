package pgrun

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lib/pq"
)

// Running gives the DSN of the PostgreSQL that another guildhall runs on this
// folder, so that its data can be looked at without stopping it. It is empty
// when none runs there; then Start may be called.
func Running(ctx context.Context, dir string) (dsn string, err error) {
	if dir, err = filepath.EvalSymlinks(dir); errors.Is(err, os.ErrNotExist) || !supported {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("the folder of the private PostgreSQL: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "lock")); errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	lock, err := openLocked(dir, "lock", true)
	if err == nil {
		return "", lock.Close()
	}
	if !errors.Is(err, errLocked) {
		return "", fmt.Errorf("the folder of the private PostgreSQL: %w", err)
	}
	a, err := chooseAccount(filepath.Join(dir, "cluster"))
	if err != nil {
		return "", err
	}
	p, err := newPlace(dir, a)
	if err != nil {
		return "", err
	}
	connector, err := pq.NewConnector(p.dsn(name) + " connect_timeout=5")
	if err != nil {
		return "", err
	}
	if err := ensureDatabase(ctx, connector); err != nil {
		return "", fmt.Errorf("a guildhall runs on %s, and its PostgreSQL does not let us in (is this the account that runs it? is it starting?): %w", dir, err)
	}
	return p.dsn(name), nil
}
