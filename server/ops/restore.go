package ops

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"guildhall/migrations"
	"guildhall/server/db"
	"guildhall/server/files"
)

// Restore fills a database from a file that Backup wrote, by this version or
// an older one, and brings it up to date. A database with people in it is
// refused unless replace says that all of it may go; one that others are
// connected to is refused always. Nothing is touched before the whole file
// was found complete and unaltered. If it fails later, nobody is in the
// database, and it can be run again. Long work is told to progress.
func Restore(ctx context.Context, to Whole, path string, replace bool, progress io.Writer) (*Summary, error) {
	in, err := openKnown(path)
	if err != nil {
		return nil, err
	}
	defer in.file.Close()
	to.DB.SetMaxIdleConns(0) // ours must not count as somebody else's
	slow, err := to.DB.Slow()
	if err != nil {
		return nil, err
	}
	defer slow.Close()
	if err := makeRoom(ctx, slow.DB, replace); err != nil {
		return nil, db.Why(ctx, err)
	}
	s, err := fill(ctx, slow.DB, to.Files, in, progress)
	if err != nil {
		return nil, fmt.Errorf("%w; nothing of the file is in the database, and it can be restored again", db.Why(ctx, err))
	}
	return s, migrations.Up(ctx, slow.DB.DB)
}

// CheckBackup says why a file cannot be restored: it is none of ours, it is
// cut off or altered, or it is from a newer version.
func CheckBackup(path string) error {
	in, err := openKnown(path)
	if err != nil {
		return err
	}
	return in.file.Close()
}

func openKnown(path string) (*archiveReader, error) {
	in, err := openArchive(path)
	if err != nil {
		return nil, err
	}
	p, newest := in.preface, migrations.Latest()
	if p.Migration > newest {
		in.file.Close()
		return nil, fmt.Errorf("the backup is from a newer version of Guildhall (%s; its database is at %d, this one knows %d): restore it with that version",
			p.Program, p.Migration, newest)
	}
	return in, nil
}

// makeRoom takes away what an earlier start without people left, or all.
func makeRoom(ctx context.Context, slow *sqlx.DB, replace bool) error {
	if err := alone(ctx, slow); err != nil {
		return err
	}
	tx, err := slow.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing left to undo
	var used, peopled bool
	const anything = `select exists (select from pg_catalog.pg_class c where c.relnamespace = 'public'::regnamespace
		and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'))`
	if err := tx.GetContext(ctx, &used, anything); err != nil || !used {
		return err
	}
	var ours bool
	if err := tx.GetContext(ctx, &ours, `select to_regclass('public.goose_db_version') is not null and to_regclass('public.accounts') is not null`); err != nil {
		return err
	}
	if !ours && !replace {
		return errors.New("the database holds tables that are not Guildhall's: name an empty one, or say --replace to lose all of them")
	}
	if ours {
		if err := tx.GetContext(ctx, &peopled, `select exists (select from public.accounts)`); err != nil {
			return err
		}
	}
	if peopled && !replace {
		return errors.New("there are people in the database: name an empty one with --data or DATABASE_URL, or say --replace to lose all that is in it")
	}
	if _, err := tx.ExecContext(ctx, `drop schema public cascade; create schema public`); err != nil {
		return fmt.Errorf("empty the database: %w", err)
	}
	return tx.Commit()
}

// alone makes sure that no server works on the database. A connection of ours
// that was just closed may take a moment to be gone.
func alone(ctx context.Context, slow *sqlx.DB) error {
	const query = `select count(*) from pg_catalog.pg_stat_activity
		where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`
	for try := 0; ; try++ {
		var others int
		if err := slow.GetContext(ctx, &others, query); err != nil || others == 0 {
			return err
		}
		if try == 20 {
			return errors.New("others are connected to the database: stop the server first")
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// fill makes the tables as they were when the file was written, and puts its
// rows into them in one transaction.
func fill(ctx context.Context, slow *sqlx.DB, kept *files.Store, in *archiveReader, progress io.Writer) (*Summary, error) {
	if err := migrations.UpTo(ctx, slow.DB, in.preface.Migration); err != nil {
		return nil, err
	}
	tx, err := slow.BeginTxx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing left to undo
	if err := plainText(ctx, tx); err != nil {
		return nil, err
	}
	tables, err := listTables(ctx, tx)
	if err != nil {
		return nil, err
	}
	r := &restore{tx: tx, files: kept, in: in, told: newTeller(progress, "Restoring"), tables: tables, stored: map[string]int64{}}
	// Rows refer to each other in a circle, and triggers would act on what has
	// happened long ago.
	if err := r.each(ctx, `alter table %s disable trigger user`); err != nil {
		return nil, err
	}
	if err := r.truncate(ctx); err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, `set constraints all deferred`); err != nil {
		return nil, err
	}
	end, err := r.copyAll(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.finish(ctx, end); err != nil {
		return nil, err
	}
	p := in.preface
	return &Summary{TakenAt: p.TakenAt, Program: p.Program, Migration: p.Migration, Tables: len(tables), Rows: r.told.rows, Files: r.end.Files}, tx.Commit()
}

type restore struct {
	tx     *sqlx.Tx
	files  *files.Store
	end    ending // counted as it is read
	in     *archiveReader
	told   *teller
	tables []table
	stored map[string]int64
}

func (r *restore) each(ctx context.Context, statement string) error {
	for _, t := range r.tables {
		if _, err := r.tx.ExecContext(ctx, fmt.Sprintf(statement, t.quoted())); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	return nil
}

// truncate takes out what migrations have put in: the file has it too.
func (r *restore) truncate(ctx context.Context) error {
	names := make([]string, len(r.tables))
	for i, t := range r.tables {
		names[i] = t.quoted()
	}
	_, err := r.tx.ExecContext(ctx, `truncate `+strings.Join(names, ", ")+` restart identity`)
	return err
}

// copyAll stores every row of the file and gives its ending.
func (r *restore) copyAll(ctx context.Context) (*ending, error) {
	_, other, err := r.in.next()
	for {
		if err != nil {
			return nil, err
		}
		var c chapter
		if err := json.Unmarshal(other, &c); err != nil {
			return nil, fmt.Errorf("read the backup: %w", err)
		}
		if c.File != "" {
			if other, err = r.copyFile(ctx, c.File); err != nil {
				return nil, fmt.Errorf("file %s: %w", c.File, err)
			}
			continue
		}
		if c.Table == "" {
			var end ending
			return &end, json.Unmarshal(other, &end)
		}
		if other, err = r.copyTable(ctx, c); err != nil {
			return nil, fmt.Errorf("table %s: %w", c.Table, err)
		}
	}
}

// copyTable stores the rows that follow and gives the value after them.
func (r *restore) copyTable(ctx context.Context, c chapter) (next json.RawMessage, err error) {
	at := slices.IndexFunc(r.tables, func(t table) bool { return t.Name == c.Table })
	if at < 0 {
		return nil, fmt.Errorf("the database has no such table at version %d", r.in.preface.Migration)
	}
	if _, twice := r.stored[c.Table]; twice {
		return nil, errors.New("it comes twice")
	}
	r.stored[c.Table] = 0
	columns := make([]string, len(c.Columns))
	for i, name := range c.Columns {
		columns[i] = pq.QuoteIdentifier(name)
	}
	in, err := r.tx.PrepareContext(ctx, `copy `+r.tables[at].quoted()+` (`+strings.Join(columns, ", ")+`) from stdin`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if next, err = r.copyRows(ctx, in, c, at); err != nil {
		return nil, err
	}
	_, err = in.ExecContext(ctx) // the rest of the rows, and what was wrong with any
	return next, err
}

func (r *restore) copyRows(ctx context.Context, in *sql.Stmt, c chapter, at int) (json.RawMessage, error) {
	values := make([]any, len(c.Columns))
	for {
		row, other, err := r.in.next()
		if err != nil || other != nil {
			return other, err
		}
		if len(row) != len(values) {
			return nil, fmt.Errorf("a row has %d columns instead of %d", len(row), len(values))
		}
		for i, v := range row {
			if values[i] = nil; v != nil {
				values[i] = *v
			}
		}
		if _, err := in.ExecContext(ctx, values...); err != nil {
			return nil, err
		}
		r.stored[c.Table]++
		r.told.row(at, len(r.tables))
	}
}

// finish compares with what the file says of itself, sets the sequences, and
// lets PostgreSQL check every reference.
func (r *restore) finish(ctx context.Context, end *ending) error {
	for _, t := range r.tables {
		if n, there := r.stored[t.Name]; !there || n != end.Rows[t.Name] {
			return fmt.Errorf("table %s: %d rows instead of %d", t.Name, n, end.Rows[t.Name])
		}
	}
	if r.end.Files != end.Files {
		return fmt.Errorf("%d files instead of %d", r.end.Files, end.Files)
	}
	for name, last := range end.Sequences {
		if _, err := r.tx.ExecContext(ctx, `select setval($1::text::regclass, $2::bigint)`, "public."+pq.QuoteIdentifier(name), last); err != nil {
			return fmt.Errorf("sequence %s: %w", name, err)
		}
	}
	if _, err := r.tx.ExecContext(ctx, `set constraints all immediate`); err != nil {
		return fmt.Errorf("rows that refer to nothing: %w", err)
	}
	if err := r.each(ctx, `alter table %s enable trigger user`); err != nil {
		return err
	}
	return r.each(ctx, `analyse %s`)
}
