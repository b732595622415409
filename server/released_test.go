package server_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestTheReleasedDescriptionStillHolds compares the description with that of
// the last release, docs/openapi.released.json, which a release puts there: the
// API only grows.
func TestTheReleasedDescriptionStillHolds(t *testing.T) {
	t.Parallel()
	was, err := os.ReadFile("../docs/openapi.released.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Log("there is no release yet")
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	is, err := os.ReadFile("../docs/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, broken := range breaks(t, was, is) {
		t.Error(broken)
	}
}

// TestWhatBreaksClients tries the comparison itself.
func TestWhatBreaksClients(t *testing.T) {
	t.Parallel()
	const was = `{"paths": {"/things": {
			"get": {"parameters": [{"name": "q", "in": "query", "schema": {"type": "string", "enum": ["a", "b"]}}],
				"responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Page"}}}}}},
			"post": {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/New"}}}}, "responses": {"201": {}}}}},
		"components": {"schemas": {
			"Page": {"type": "object", "required": ["items"], "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}}},
			"Thing": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "parent": {"$ref": "#/components/schemas/Thing"}, "n": {"type": "integer"}}},
			"New": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "maxLength": 10}, "kind": {"type": "string", "enum": ["a", "b"]}}}}}}`
	for name, c := range map[string]struct{ from, to, want string }{
		"the same":              {``, ``, ``},
		"new operation":         {`{"paths": {`, `{"paths": {"/more": {"get": {}},`, ``},
		"new property":          {`"n": {"type": "integer"}`, `"n": {"type": "integer"}, "m": {"type": "integer"}`, ``},
		"new optional input":    {`"kind": {`, `"more": {"type": "string"}, "kind": {`, ``},
		"wider enum":            {`"kind": {"type": "string", "enum": ["a", "b"]`, `"kind": {"type": "string", "enum": ["a", "b", "c"]`, ``},
		"longer input":          {`"maxLength": 10`, `"maxLength": 20`, ``},
		"operation is gone":     {`"post": {`, `"put": {`, `post /things: gone`},
		"property is gone":      {`, "n": {"type": "integer"}`, ``, `get /things: answer.items[].n is gone`},
		"property may be gone":  {`"required": ["id"]`, `"required": []`, `get /things: answer.items[].id may be missing`},
		"other type":            {`"n": {"type": "integer"}`, `"n": {"type": "string"}`, `get /things: answer.items[].n is of another type`},
		"may be null":           {`"n": {"type": "integer"}`, `"n": {"type": ["integer", "null"]}`, `get /things: answer.items[].n is of another type`},
		"new required input":    {`"required": ["name"]`, `"required": ["name", "kind"]`, `post /things: input.kind is needed`},
		"new required argument": {`"name": "q", "in"`, `"name": "q", "required": true, "in"`, `get /things: query q is needed`},
		"argument is gone":      {`"name": "q"`, `"name": "query"`, `get /things: query q is taken no more`},
		"input is gone":         {`"kind": {`, `"sort": {`, `post /things: input.kind is taken no more`},
		"narrowed enum":         {`"kind": {"type": "string", "enum": ["a", "b"]`, `"kind": {"type": "string", "enum": ["a"]`, `post /things: input.kind takes fewer values`},
		"narrowed argument":     {`"schema": {"type": "string", "enum": ["a", "b"]}`, `"schema": {"type": "string", "enum": ["b"]}`, `get /things: query q takes fewer values`},
		"new enum":              {`"maxLength": 10`, `"maxLength": 10, "enum": ["x"]`, `post /things: input.name takes fewer values`},
		"shorter input":         {`"maxLength": 10`, `"maxLength": 9`, `post /things: input.name takes fewer values`},
		"no answer any more":    {`"200": {"content"`, `"204": {"content"`, `get /things: no longer answers 200`},
	} {
		if !strings.Contains(was, c.from) {
			t.Fatalf("%s: nothing to replace", name)
		}
		is := was
		if c.from != "" {
			is = strings.Replace(was, c.from, c.to, 1)
		}
		got := breaks(t, []byte(was), []byte(is))
		if c.want == "" && len(got) != 0 || c.want != "" && !slices.Contains(got, c.want) {
			t.Errorf("%s: found %q, want %q", name, got, c.want)
		}
	}
}

type node = map[string]any

// comparison walks two descriptions side by side.
type comparison struct {
	was, is node
	seen    map[string]bool // pairs of named schemas, which may hold themselves
	found   []string
}

// breaks lists what would fail for a client of the old description.
func breaks(t *testing.T, was, is []byte) []string {
	t.Helper()
	c := comparison{seen: map[string]bool{}}
	for from, into := range map[*[]byte]*node{&was: &c.was, &is: &c.is} {
		if err := json.Unmarshal(*from, into); err != nil {
			t.Fatal(err)
		}
	}
	for path, methods := range sub(c.was, "paths") {
		for method, op := range methods.(node) {
			at := method + " " + path
			now, ok := sub(c.is, "paths", path)[method].(node)
			if !ok {
				c.find(at, "gone")
				continue
			}
			c.operation(at, op.(node), now)
		}
	}
	slices.Sort(c.found)
	return slices.Compact(c.found)
}

func (c *comparison) find(at, what string) { c.found = append(c.found, at+": "+what) }

func (c *comparison) operation(at string, was, is node) {
	arguments := func(op node) map[string]node {
		out := map[string]node{}
		list, _ := op["parameters"].([]any)
		for _, p := range list {
			out[fmt.Sprint(p.(node)["in"], " ", p.(node)["name"])] = p.(node)
		}
		return out
	}
	before, now := arguments(was), arguments(is)
	for name, p := range now {
		if p["required"] == true && (before[name] == nil || before[name]["required"] != true) {
			c.find(at, name+" is needed")
		}
	}
	for name, p := range before {
		if now[name] == nil {
			c.find(at, name+" is taken no more")
			continue
		}
		c.input(at, name, sub(p, "schema"), sub(now[name], "schema"))
	}
	const media = "application/json"
	c.input(at, "input", sub(was, "requestBody", "content", media, "schema"), sub(is, "requestBody", "content", media, "schema"))
	for status, answer := range sub(was, "responses") {
		if !strings.HasPrefix(status, "2") {
			continue
		}
		next, ok := sub(is, "responses")[status].(node)
		if !ok {
			c.find(at, "no longer answers "+status)
			continue
		}
		c.output(at, "answer", sub(answer.(node), "content", media, "schema"), sub(next, "content", media, "schema"))
	}
}

// input: what was taken must be taken, and no more may be asked for.
func (c *comparison) input(at, where string, was, is node) {
	was, is, again := c.resolve(at+" in", was, is)
	if again || len(was) == 0 && len(is) == 0 {
		return
	}
	if !within(types(was), types(is)) {
		c.find(at, where+" is of another type")
	}
	if enum := texts(is["enum"]); enum != nil && (texts(was["enum"]) == nil || !within(texts(was["enum"]), enum)) || tighter(was, is) {
		c.find(at, where+" takes fewer values")
	}
	for _, name := range texts(is["required"]) {
		if !slices.Contains(texts(was["required"]), name) {
			c.find(at, where+"."+name+" is needed")
		}
	}
	now := sub(is, "properties")
	for name, p := range sub(was, "properties") {
		if next, ok := now[name].(node); ok {
			c.input(at, where+"."+name, p.(node), next)
		} else {
			c.find(at, where+"."+name+" is taken no more")
		}
	}
	c.input(at, where+"[]", sub(was, "items"), sub(is, "items"))
}

// output: what was given must be given.
func (c *comparison) output(at, where string, was, is node) {
	was, is, again := c.resolve(at+" out", was, is)
	if again || len(was) == 0 {
		return
	}
	if !within(types(is), types(was)) {
		c.find(at, where+" is of another type")
	}
	for _, name := range texts(was["required"]) {
		if !slices.Contains(texts(is["required"]), name) {
			c.find(at, where+"."+name+" may be missing")
		}
	}
	now := sub(is, "properties")
	for name, p := range sub(was, "properties") {
		if next, ok := now[name].(node); ok {
			c.output(at, where+"."+name, p.(node), next)
		} else {
			c.find(at, where+"."+name+" is gone")
		}
	}
	c.output(at, where+"[]", sub(was, "items"), sub(is, "items"))
}

// resolve follows references, and says if this pair has been looked at.
func (c *comparison) resolve(at string, was, is node) (node, node, bool) {
	from, to := fmt.Sprint(was["$ref"]), fmt.Sprint(is["$ref"])
	follow := func(root, s node) node {
		if ref, ok := s["$ref"].(string); ok {
			return sub(root, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
		}
		return s
	}
	key := at + from + to
	again := was["$ref"] != nil && c.seen[key]
	c.seen[key] = true
	return follow(c.was, was), follow(c.is, is), again
}

// tighter says whether a bound of an input came nearer.
func tighter(was, is node) bool {
	for _, bound := range []struct {
		name string
		sign float64
	}{{"maxLength", 1}, {"maxItems", 1}, {"maximum", 1}, {"minLength", -1}, {"minItems", -1}, {"minimum", -1}} {
		now, bounded := is[bound.name].(float64)
		before, had := was[bound.name].(float64)
		if bounded && (!had || now*bound.sign < before*bound.sign) {
			return true
		}
	}
	return was["pattern"] != is["pattern"] && is["pattern"] != nil
}

func sub(n node, keys ...string) node {
	for _, key := range keys {
		n, _ = n[key].(node)
	}
	return n
}

func types(schema node) []string {
	if one, ok := schema["type"].(string); ok {
		return []string{one}
	}
	return texts(schema["type"])
}

func texts(list any) (out []string) {
	items, _ := list.([]any)
	for _, item := range items {
		out = append(out, fmt.Sprint(item))
	}
	return out
}

// within says whether each of a is in b; a schema without types takes any.
func within(a, b []string) bool {
	if len(b) == 0 {
		return true
	}
	all := map[string]bool{}
	for _, s := range b {
		all[s] = true
	}
	return !slices.ContainsFunc(a, func(s string) bool { return !all[s] })
}
