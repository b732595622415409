package pgrun

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// localeNames are tried in this order. The first is all of glibc's, musl's and
// newer macOS's; the others are for systems that lack it. Only what counts as a
// letter is taken from it: sorting is by code point everywhere.
var localeNames = []string{"C.UTF-8", "en_GB.UTF-8", "en_US.UTF-8"}

// initdb makes the cluster under another name first, so that one that was
// killed half-way leaves nothing that looks whole.
func (s *Server) initdb(ctx context.Context) error {
	fresh := s.place.cluster + ".new"
	var err error
	for _, locale := range localeNames {
		if err = os.RemoveAll(fresh); err != nil {
			return fmt.Errorf("remove what a broken start left: %w", err)
		}
		if err = os.Mkdir(fresh, 0o700); err != nil {
			return fmt.Errorf("make a PostgreSQL cluster: %w", err)
		}
		if err = s.account.own(fresh); err != nil {
			return err
		}
		if err = s.initialise(ctx, fresh, locale); err == nil {
			break
		}
		if !strings.Contains(err.Error(), "invalid locale name") {
			break
		}
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(fresh))
	}
	if err := os.Rename(fresh, s.place.cluster); err != nil {
		return fmt.Errorf("make a PostgreSQL cluster: %w", err)
	}
	return syncFolder(s.place.dir)
}

// initialise runs initdb. In a cluster with the plain C locale, trigrams lose all
// letters outside ASCII and the full text parser glues signs to words, so the
// character type is always of UTF-8.
func (s *Server) initialise(ctx context.Context, dir, locale string) error {
	args := []string{
		"-D", dir, "-U", name, "-A", "peer", "-E", "UTF8", "--data-checksums", "--no-instructions",
		"--locale=C", "--lc-ctype=" + locale,
	}
	if s.programs.major >= 17 {
		args = append(args, "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
	}
	if s.settings["fsync"] == "off" {
		args = append(args, "--no-sync")
	}
	cmd := exec.Command(s.programs.path("initdb"), args...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = s.place.run, environment(), s.account.attributes()
	dieWithUs(cmd.SysProcAttr, syscall.SIGKILL)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	c, err := begin(cmd)
	if err != nil {
		return fmt.Errorf("make a PostgreSQL cluster: %w", err)
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		c.signal(syscall.SIGKILL)
		<-c.done
		return ctx.Err()
	}
	if c.err != nil {
		return fmt.Errorf("make a PostgreSQL cluster: initdb: %w: %s", c.err, lastLines(out.Bytes()))
	}
	return nil
}

// syncFolder makes a rename in the folder survive a power cut.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("make a PostgreSQL cluster: %w", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, fs.ErrInvalid) {
		return fmt.Errorf("make a PostgreSQL cluster: %w", err)
	}
	return nil
}
