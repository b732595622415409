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

// order reads who may import whom from docs/house.md, which tells why: a
// package may import only packages on lines above its own.
func order(t *testing.T) (line map[string]int) {
	t.Helper()
	text, err := os.ReadFile("../docs/house.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "\n## Who may import whom\n")
	block, _, _ = strings.Cut(block, "\n## ")
	line = map[string]int{}
	for n, entry := range regexp.MustCompile(`(?m)^ {4}(\S+(?:  ?\S+)*?)(?: {3,}|$)`).FindAllStringSubmatch(block, -1) {
		for p := range strings.FieldsSeq(entry[1]) {
			if !slices.Contains([]string{"migrations", "frontend", "search", "server", "cmd/guildhall"}, p) {
				p = "server/" + p
			}
			if _, twice := line[p]; twice {
				t.Errorf("%s stands twice in docs/house.md", p)
			}
			line[p] = n
		}
	}
	if len(line) < 30 {
		t.Fatalf("docs/house.md orders only %d packages: the test cannot read it", len(line))
	}
	return line
}

// loners import only these, whatever their line: a client knows nothing of
// the server.
var loners = map[string][]string{"server/bench": {"server/config"}}

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
	line, seen := order(t), 0
	goFiles(t, func(dir, path string, test bool) {
		if test {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		mine, known := line[dir]
		allowed, loner := loners[dir]
		if !known {
			t.Errorf("%s is on no line of the order in docs/house.md", dir)
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
			if at, ok := line[to]; !ok || at >= mine {
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
	goFiles(t, func(_, path string, _ bool) {
		files++
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(data), "\n"); n > 500 {
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
