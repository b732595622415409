package server_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"guildhall/server/api"
	"guildhall/server/testkit"
)

// TestNumbersBeyondEveryColumn gives each number of each operation, and each
// part of each cursor, more than PostgreSQL can hold there: it is refused or
// makes no difference, but is never a fault of ours.
func TestNumbersBeyondEveryColumn(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	things := private(w, "Numbers")
	bodies := map[string]any{
		"edit-me": map[string]any{"version": 1, "name": "X", "about": "", "askMeAbout": []string{}, "serviceAreas": []string{}, "language": "en", "timeZone": ""},
	}
	huge := []json.Number{"2147483648", "99999999999999", "9223372036854775807", "9223372036854775808", "1e30", "-2147483649"}
	sent := 0
	try := func(op api.Op, query string, body any) {
		sent++
		where := path(t, op, things)
		if query != "" {
			where, _, _ = strings.Cut(where, "?")
			where += "?" + query
		}
		for _, who := range []string{"moderator", "admin"} {
			if a := w.As(who).Send(op.Method, where, body); a.Status >= 500 {
				t.Errorf("%s?%s %v answered %d: %s", op.ID, query, body, a.Status, a.Body)
			}
		}
	}
	for _, op := range w.Router.Ops() {
		for _, p := range described(w.Router, op).Parameters {
			switch {
			case p.In == "query" && p.Name == "cursor":
				for _, cursor := range cursors(huge) {
					try(op, "cursor="+cursor, nil)
				}
			case p.In == "query" && p.Schema.Type == "integer":
				for _, n := range huge {
					try(op, p.Name+"="+url.QueryEscape(n.String()), nil)
				}
			}
		}
		body, ok := walk[op.ID].body.(map[string]any)
		if !ok {
			body, _ = bodies[op.ID].(map[string]any)
		}
		for name, value := range body {
			if _, number := value.(int); !number {
				continue
			}
			for _, n := range huge {
				changed := maps.Clone(body)
				changed[name] = n
				try(op, "", changed)
			}
		}
	}
	if sent < 150 {
		t.Errorf("only %d requests were made: the test looks in the wrong place", sent)
	}
}

// described finds an operation in the description.
func described(r *api.Router, op api.Op) *huma.Operation {
	item := r.OpenAPI().Paths[op.Path]
	return map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete}[op.Method]
}

// cursors are of the shapes that lists have, each with one part too large.
func cursors(huge []json.Number) (out []string) {
	keys := []string{`["2026-01-01T00:00:00Z","9223372036854775808"]`, `["0000-01-01T00:00:00Z","1"]`, `[true,"9999-12-31T23:59:59Z","1"]`}
	for _, n := range huge {
		keys = append(keys, fmt.Sprintf(`["%s"]`, n), fmt.Sprintf(`[%s]`, n), fmt.Sprintf(`[%s,"a","1"]`, n), fmt.Sprintf(`[%s,%s,"a","1"]`, n, n), fmt.Sprintf(`[0,"a","%s"]`, n), fmt.Sprintf(`["a","%s"]`, n))
	}
	for _, key := range keys {
		out = append(out, base64.RawURLEncoding.EncodeToString([]byte(key)))
	}
	return out
}

// TestPropertiesHaveOneSpelling: encoding/json would take LANGUAGE for
// language after only the latter was checked.
func TestPropertiesHaveOneSpelling(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	member := w.As("member")
	var me map[string]any
	member.Get("/api/me").Expect(200).JSON(&me)
	edit := map[string]any{"version": me["version"], "name": "N", "about": "", "askMeAbout": []string{}, "serviceAreas": []string{}, "language": "en", "timeZone": ""}
	for _, key := range []string{"LANGUAGE", "Language", "ABOUT"} {
		edit[key] = "xx"
		member.Patch("/api/me", edit).Problem(422, "invalid")
		delete(edit, key)
	}
	member.Patch("/api/me", edit).Expect(200)
	w.As("admin").Post("/api/spaces", map[string]any{"kind": "group", "name": "xx", "KIND": "load"}).Problem(422, "invalid")
}
