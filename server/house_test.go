package server_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"guildhall/server/testkit"
)

// order is who may import whom: a package may import only packages on lines
// above its own. docs/house.md tells why.
var order = [][]string{
	{"migrations", "frontend", "server/ids", "server/clock"},
	{"server/problem", "server/text"},
	{"server/access"},
	{"server/config", "server/metrics", "server/markup"},
	{"server/pgrun"},
	{"server/db"},
	{"server/events"},
	{"server/api"},
	{"server/limit", "server/audit", "server/mail", "server/files"},
	{"server/realtime"},
	{"server/notify"},
	{"server/moderation", "search"},
	{"server/orgs"},
	{"server/accounts"},
	{"server/spaces"},
	{"server/forum", "server/chat", "server/library"},
	{"server/seed", "server/ops"},
	{"server"},
	{"server/testkit"},
	{"cmd/guildhall"},
}

// loners import only these, whatever their line: a client knows nothing of
// the server.
var loners = map[string][]string{"bench": {"server/config"}, "search/evaluate": {}}

func goFiles(t *testing.T, visit func(dir, path string, test bool)) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || d.Name() == "data") {
			return fs.SkipDir
		}
		if strings.HasSuffix(path, ".go") {
			dir, err := filepath.Rel("..", filepath.Dir(path))
			if err != nil {
				return err
			}
			visit(filepath.ToSlash(dir), path, strings.HasSuffix(path, "_test.go"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestImportsGoOneWay(t *testing.T) {
	line := map[string]int{}
	for n, packages := range order {
		for _, p := range packages {
			line[p] = n
		}
	}
	seen := 0
	goFiles(t, func(dir, path string, test bool) {
		if test {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		mine, known := line[dir]
		allowed, loner := loners[strings.TrimPrefix(dir, "server/")]
		if !known && !loner {
			t.Errorf("%s is on no line of the order; add it to house_test.go and docs/house.md", dir)
			return
		}
		for _, spec := range file.Imports {
			to, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), "guildhall/")
			if !ours {
				continue
			}
			seen++
			if loner && !slices.Contains(allowed, to) {
				t.Errorf("%s is a client and may not import %s", path, to)
			}
			if at, ok := line[to]; !loner && (!ok || at >= mine) && to != dir && !slices.Contains([]string{"server/bench", "search/evaluate"}, to) {
				t.Errorf("%s (line %d) may not import %s (line %d)", path, mine, to, at)
			}
		}
	})
	if seen < 50 {
		t.Errorf("only %d imports were looked at: the test looks in the wrong place", seen)
	}
}

func TestNoFileIsLong(t *testing.T) {
	files := 0
	goFiles(t, func(_, path string, test bool) {
		files++
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(data), "\n"); n > 500 && !test {
			t.Errorf("%s has %d lines; split it before 500", path, n)
		}
	})
	if files < 50 {
		t.Errorf("only %d files were looked at", files)
	}
}

var writes = regexp.MustCompile(`(?i)\b(insert into|update|delete from)\s+([a-z_]+)\b`)

// TestEachTableIsWrittenByOnePackage looks at every SQL string.
func TestEachTableIsWrittenByOnePackage(t *testing.T) {
	tables := map[string]bool{}
	made := regexp.MustCompile(`(?i)create table (?:if not exists )?(?:public\.)?([a-z_]+)`)
	files, err := filepath.Glob("../migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range made.FindAllStringSubmatch(string(data), -1) {
			tables[m[1]] = true
		}
	}
	owners := map[string]map[string]bool{}
	goFiles(t, func(dir, path string, test bool) {
		if test || dir == "server/testkit" {
			return
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range writes.FindAllStringSubmatch(string(data), -1) {
			if table := strings.ToLower(m[2]); tables[table] {
				if owners[table] == nil {
					owners[table] = map[string]bool{}
				}
				owners[table][dir] = true
			}
		}
	})
	if len(owners) < 10 {
		t.Errorf("only %d tables are written", len(owners))
	}
	for table, by := range owners {
		if len(by) > 1 {
			t.Errorf("table %s is written by %v", table, by)
		}
	}
}

// TestDescriptionIsCurrent: docs/openapi.json is what this program serves.
func TestDescriptionIsCurrent(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	want, err := os.ReadFile("../docs/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("docs/openapi.json is not current: run make gen")
	}
	if a := w.As("stranger").Get("/api/openapi.json").Expect(200); a.Body != string(want) {
		t.Error("the served description is another one")
	}
	w.As("stranger").Get("/api/docs").Expect(200)
}
