package ops

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"guildhall/server/clock"
	"guildhall/server/db"
	"guildhall/server/files"
)

// Summary is what a backup holds.
type Summary struct {
	TakenAt   time.Time
	Program   string // version that wrote it
	Migration int64  // of the database
	Tables    int
	Rows      int64
	Files     int64 // that people uploaded, thumbnails too
}

// Whole is all that a network keeps.
type Whole struct {
	DB    *db.DB
	Files *files.Store
}

// Backup writes the whole database, as it is at one moment, and then the files
// that people uploaded, to a file that only its owner may read. A file that
// goes in between is missing, and so is what it belonged to, soon after. The server may go on working. The file takes its
// place when it is complete; a failure leaves what was there before. It holds
// everything: words, addresses, hashes of sessions, the server's secrets.
// Long work is told to progress.
func Backup(ctx context.Context, of Whole, path, program string, progress io.Writer) (*Summary, error) {
	slow, err := of.DB.Slow()
	if err != nil {
		return nil, err
	}
	defer slow.Close()
	w, err := createArchive(path)
	if err != nil {
		return nil, err
	}
	b := &backup{out: w, files: of.Files, told: newTeller(progress, "Backing up"), end: ending{Rows: map[string]int64{}, Sequences: map[string]int64{}}}
	s, err := b.write(ctx, slow.DB, program)
	if err != nil {
		return nil, errors.Join(db.Why(ctx, err), w.discard())
	}
	return s, w.finish()
}

type backup struct {
	out   *archiveWriter
	files *files.Store
	told  *teller
	end   ending
}

func (b *backup) write(ctx context.Context, slow *sqlx.DB, program string) (*Summary, error) {
	tx, err := slow.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() //nolint:errcheck // it was only read
	if err := plainText(ctx, tx); err != nil {
		return nil, err
	}
	tables, err := listTables(ctx, tx)
	if err != nil {
		return nil, err
	}
	// A migration would otherwise change tables under our hands.
	if err := lockTables(ctx, tx, tables); err != nil {
		return nil, err
	}
	p := preface{Format: archiveFormat, TakenAt: clock.System().UTC(), Program: program}
	const query = `select current_setting('server_version') as postgres,
		(select max(version_id) from public.goose_db_version where is_applied) as migration`
	if err := tx.QueryRowxContext(ctx, query).Scan(&p.Postgres, &p.Migration); err != nil {
		return nil, fmt.Errorf("read the version of the database: %w", err)
	}
	if err := b.out.put(p); err != nil {
		return nil, err
	}
	for n, t := range tables {
		if err := b.writeTable(ctx, tx, t, n, len(tables)); err != nil {
			return nil, fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	// Last, since numbers are given outside of transactions.
	if err := b.readSequences(ctx, tx); err != nil {
		return nil, err
	}
	if err := b.writeFiles(ctx); err != nil {
		return nil, err
	}
	s := &Summary{TakenAt: p.TakenAt, Program: program, Migration: p.Migration, Tables: len(tables), Rows: b.told.rows, Files: b.end.Files}
	return s, b.out.put(b.end)
}

func (b *backup) writeTable(ctx context.Context, tx *sqlx.Tx, t table, n, of int) error {
	if err := b.out.put(chapter{Table: t.Name, Columns: t.Columns}); err != nil {
		return err
	}
	texts := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		texts[i] = pq.QuoteIdentifier(c) + "::text"
	}
	rows, err := tx.QueryxContext(ctx, `select to_json(array[`+strings.Join(texts, ",")+`])::text from only `+t.quoted())
	if err != nil {
		return err
	}
	defer rows.Close()
	var line sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&line); err != nil {
			return err
		}
		if err := b.out.row(line); err != nil {
			return err
		}
		b.end.Rows[t.Name]++
		b.told.row(n, of)
	}
	return rows.Err()
}

func (b *backup) readSequences(ctx context.Context, tx *sqlx.Tx) error {
	var list []struct {
		Name string `db:"sequencename"`
		Last int64  `db:"last_value"`
	}
	const query = `select sequencename, last_value from pg_catalog.pg_sequences where schemaname = 'public' and last_value is not null`
	if err := tx.SelectContext(ctx, &list, query); err != nil {
		return fmt.Errorf("read sequences: %w", err)
	}
	for _, s := range list {
		b.end.Sequences[s.Name] = s.Last
	}
	delete(b.end.Sequences, "goose_db_version_id_seq")
	return nil
}

// table is one that holds rows. Those that migrations keep for themselves and
// those of extensions are none of ours.
type table struct {
	Name    string         `db:"name"`
	Columns pq.StringArray `db:"columns"`
}

func (t table) quoted() string { return "public." + pq.QuoteIdentifier(t.Name) }

func listTables(ctx context.Context, q sqlx.QueryerContext) ([]table, error) {
	const query = `select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
		from pg_catalog.pg_class c
		join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
		where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'goose_db_version'
			and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
		group by c.oid, c.relname order by c.relname`
	var list []table
	if err := sqlx.SelectContext(ctx, q, &list, query); err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	return list, nil
}

func lockTables(ctx context.Context, tx *sqlx.Tx, tables []table) error {
	if len(tables) == 0 {
		return errors.New("there is nothing to back up: the database is empty")
	}
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = t.quoted()
	}
	if _, err := tx.ExecContext(ctx, `lock table `+strings.Join(names, ", ")+` in access share mode`); err != nil {
		return fmt.Errorf("lock tables: %w", err)
	}
	return nil
}

// plainText fixes how values are written as text and read again, whatever the
// server's own settings are.
func plainText(ctx context.Context, tx *sqlx.Tx) error {
	_, err := tx.ExecContext(ctx, `set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres'; set local extra_float_digits = 3;
		set local bytea_output = 'hex'; set local timezone = 'UTC'; set local idle_in_transaction_session_timeout = 0`)
	if err != nil {
		return fmt.Errorf("set the form of values: %w", err)
	}
	return nil
}

// teller says how far long work is: nothing in the first second, then a line
// every other second.
type teller struct {
	out  io.Writer
	what string
	next time.Time
	rows int64
}

func newTeller(out io.Writer, what string) *teller {
	return &teller{out: out, what: what, next: clock.System().Add(time.Second)}
}

func (t *teller) row(n, of int) {
	if t.rows++; t.rows%1000 != 0 {
		return
	}
	if now := clock.System(); now.After(t.next) {
		t.next = now.Add(2 * time.Second)
		fmt.Fprintf(t.out, "%s: table %d of %d, %d rows so far.\n", t.what, n+1, of, t.rows)
	}
}
