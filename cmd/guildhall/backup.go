package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"guildhall/server"
	"guildhall/server/config"
	"guildhall/server/files"
	"guildhall/server/ops"
	"guildhall/server/pgrun"
)

// fileAndSettings takes apart "FILE [settings]". The file's path is made
// absolute.
func fileAndSettings(name string, args []string) (string, config.Config, error) {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return "", config.Config{}, fmt.Errorf("say: guildhall %s FILE [settings]", name)
	}
	c, err := config.Load(name+" FILE", args[1:], config.Environ, os.Stdout)
	if err != nil {
		return "", c, err
	}
	path, err := filepath.Abs(args[0])
	return path, c, err
}

// openAlongside is open, but beside a server that runs on the private
// PostgreSQL it uses that one.
func openAlongside(ctx context.Context, c config.Config, log *slog.Logger) (*database, error) {
	if c.DatabaseURL == "" {
		dsn, err := pgrun.Running(ctx, c.PostgresDir())
		if err != nil {
			return nil, err
		}
		c.DatabaseURL = dsn
	}
	return open(ctx, c, log)
}

func backup(ctx context.Context, args []string) (err error) {
	if helped(args, backupUsage) {
		return nil
	}
	path, c, err := fileAndSettings("backup", args)
	if err != nil {
		return err
	}
	if _, err := os.Stat(c.PostgresDir()); c.DatabaseURL == "" && errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no database in %s: name its folder with --data, or set DATABASE_URL", c.Data)
	}
	// A server makes the folder when it starts: without it, this is not the
	// server's data folder, and the backup would lack what people uploaded.
	if _, err := os.Stat(c.FilesDir()); c.DatabaseURL != "" && c.Files == "" && errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no folder of files in %s: name the server's folder with --data, or its bucket with GUILDHALL_FILES", c.Data)
	}
	d, err := openAlongside(ctx, c, logger(c, os.Stderr))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	kept, err := files.Open(ctx, c.Files, c.FilesDir())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	s, err := ops.Backup(ctx, ops.Whole{DB: d.DB, Files: kept}, path, about(), os.Stderr)
	if err != nil {
		return err
	}
	fmt.Printf("%s holds %d rows of %d tables and %d files. Keep it as safe as the database: all that people wrote is in it, and the server's secrets.\n", path, s.Rows, s.Tables, s.Files) //nolint:forbidigo // the answer
	return nil
}

func restore(ctx context.Context, args []string) (err error) {
	if helped(args, restoreUsage) {
		return nil
	}
	replace := slices.Contains(args, "--replace")
	args = slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "--replace" })
	path, c, err := fileAndSettings("restore", args)
	if err != nil {
		return err
	}
	if err := ops.CheckBackup(path); err != nil {
		return err // before a private PostgreSQL is made for it
	}
	d, err := openAlongside(ctx, c, logger(c, os.Stderr))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	kept, err := files.Open(ctx, c.Files, c.FilesDir())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	s, err := ops.Restore(ctx, ops.Whole{DB: d.DB, Files: kept}, path, replace, os.Stderr)
	if err != nil {
		return err
	}
	if err := server.Migrate(ctx, d.DB, c); err != nil {
		return err
	}
	fmt.Printf("Restored %d rows of %d tables and %d files, as they were on %s.\n", s.Rows, s.Tables, s.Files, s.TakenAt.In(c.Zone).Format(time.RFC1123)) //nolint:forbidigo // the answer
	return nil
}
