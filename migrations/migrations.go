// Package migrations holds every change of the tables, in order. It is the
// only place that changes tables. A released file is never edited.
package migrations

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed *.sql
var files embed.FS

// Up brings the database to the newest version, one file at a time. Several
// nodes may call it at once: one works, the others wait up to two minutes.
// The database should come from a pool that allows long silence.
func Up(ctx context.Context, db *sql.DB) error {
	p, err := provider(db)
	if err != nil {
		return err
	}
	// A table that is in use must not hang the start behind a long query.
	if _, err := db.ExecContext(ctx, "set lock_timeout = '3s'"); err != nil {
		return fmt.Errorf("set lock_timeout: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// UpTo brings an empty database to exactly this version, for a restore.
func UpTo(ctx context.Context, db *sql.DB, version int64) error {
	p, err := provider(db)
	if err != nil {
		return err
	}
	if _, err := p.UpTo(ctx, version); err != nil {
		return fmt.Errorf("migrate to %d: %w", version, err)
	}
	return nil
}

// Version is the number of the last migration that the database has; 0 is an
// empty database.
func Version(ctx context.Context, db *sql.DB) (int64, error) {
	p, err := provider(db)
	if err != nil {
		return 0, err
	}
	return p.GetDBVersion(ctx)
}

// Latest is the number of the last migration that this program has.
func Latest() int64 {
	names, err := fs.Glob(files, "*.sql")
	if err != nil || len(names) == 0 {
		return 0
	}
	var n int64
	fmt.Sscanf(names[len(names)-1], "%05d", &n) //nolint:errcheck // the names are ours
	return n
}

// Hash names this set of migrations, for a template of test databases.
func Hash() string {
	sum := sha256.New()
	names, _ := fs.Glob(files, "*.sql") // the pattern is constant
	for _, name := range names {
		b, _ := files.ReadFile(name) // it is embedded
		fmt.Fprintf(sum, "%s %d\n%s", name, len(b), b)
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
}

func provider(db *sql.DB) (*goose.Provider, error) {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 120))
	if err != nil {
		return nil, fmt.Errorf("migration lock: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	return p, nil
}
