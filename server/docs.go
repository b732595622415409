package server

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"guildhall/server/api"
	"guildhall/server/chat"
	"guildhall/server/forum"
	"guildhall/server/realtime"
)

// addFrames puts the union of all live frames into the description, as a
// webhook, since OpenAPI has no word for a socket.
func addFrames(r *api.Router) {
	out := []*huma.Schema{
		api.Schema[realtime.Hello](r), api.Schema[realtime.Subscribed](r), api.Schema[realtime.Refused](r), api.Schema[realtime.Heartbeat](r),
		api.Schema[realtime.Bye](r), api.Schema[realtime.Access](r), api.Schema[realtime.Reconnect](r), api.Schema[realtime.Typing](r), api.Schema[realtime.Presence](r), api.Schema[realtime.FrameError](r),
		api.Schema[chat.Change](r), api.Schema[chat.ReadMark](r), api.Schema[chat.ThreadMark](r), api.Schema[chat.SpaceChanged](r), api.Schema[chat.RoomChanged](r), api.Schema[chat.DraftChanged](r),
		api.Schema[chat.ScheduledChanged](r), api.Schema[chat.PreferencesChanged](r), api.Schema[forum.Frame](r), api.Schema[forum.TopicRead](r),
	}
	schemas := r.OpenAPI().Components.Schemas.Map()
	schemas["LiveFrame"] = &huma.Schema{OneOf: out, Description: "A frame from the server on GET /api/live, /api/live/stream or /api/live/poll."}
	schemas["LiveBatch"].Properties["frames"].Items = &huma.Schema{Ref: "#/components/schemas/LiveFrame"}
	schemas["LiveIncoming"] = api.Schema[realtime.Incoming](r)
	body := func(name string) *huma.RequestBody {
		return &huma.RequestBody{Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Ref: "#/components/schemas/" + name}}}}
	}
	none := map[string]*huma.Response{"204": {Description: "Frames have no answer."}}
	r.OpenAPI().Webhooks = map[string]*huma.PathItem{
		"live-frame":    {Post: &huma.Operation{OperationID: "live-frame", Summary: "A frame from the server on the live connection (GET /api/live)", RequestBody: body("LiveFrame"), Responses: none}},
		"live-incoming": {Post: &huma.Operation{OperationID: "live-incoming", Summary: "A frame from the client on the live connection", RequestBody: body("LiveIncoming"), Responses: none}},
	}
}

//go:embed docs.html
var docsTemplate string

//go:embed docs.css
var docsStyle string

type docsOperation struct {
	ID, Method, Path, Summary, Door string
	Inputs                          []docsField
	Answer                          string
	Fails                           []string
}

type docsField struct{ Name, Where, Kind, Note string }

type docsSchema struct {
	Name   string
	Note   string
	Fields []docsField
}

// docsPage makes the readable page of the API: one page, no script, nothing
// from elsewhere.
func docsPage(doc *huma.OpenAPI) (page []byte, policy string, err error) {
	sections := map[string][]docsOperation{}
	for p, item := range doc.Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete} {
			if op != nil {
				sections[op.Tags[0]] = append(sections[op.Tags[0]], describeOperation(method, "/api"+p, op))
			}
		}
	}
	var names []string
	for name := range sections {
		names = append(names, name)
		slices.SortFunc(sections[name], func(a, b docsOperation) int { return strings.Compare(a.Path+a.Method, b.Path+b.Method) })
	}
	slices.Sort(names)
	t, err := template.New("docs").Parse(docsTemplate)
	if err != nil {
		return nil, "", fmt.Errorf("API page: %w", err)
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"Style": template.CSS(docsStyle), "Names": names, "Sections": sections, "Schemas": describeSchemas(doc), //nolint:gosec // our own file
	})
	if err != nil {
		return nil, "", fmt.Errorf("API page: %w", err)
	}
	sum := sha256.Sum256([]byte(docsStyle))
	policy = "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return b.Bytes(), policy, nil
}

func describeOperation(method, path string, op *huma.Operation) docsOperation {
	out := docsOperation{ID: op.OperationID, Method: method, Path: path, Summary: op.Summary, Door: fmt.Sprint(op.Extensions["x-door"])}
	for _, p := range op.Parameters {
		note := p.Description
		if p.Required {
			note = strings.TrimSpace("Required. " + note)
		}
		out.Inputs = append(out.Inputs, docsField{Name: p.Name, Where: p.In, Kind: kindName(p.Schema), Note: note})
	}
	if op.RequestBody != nil {
		for _, media := range op.RequestBody.Content {
			out.Inputs = append(out.Inputs, docsField{Name: "body", Where: "body", Kind: kindName(media.Schema)})
		}
	}
	for status, r := range op.Responses {
		if status < "300" {
			out.Answer = status
			if media := r.Content["application/json"]; media != nil {
				out.Answer += " " + kindName(media.Schema)
			}
		} else {
			out.Fails = append(out.Fails, status)
		}
	}
	slices.Sort(out.Fails)
	return out
}

func describeSchemas(doc *huma.OpenAPI) []docsSchema {
	var out []docsSchema
	for name, schema := range doc.Components.Schemas.Map() {
		s := docsSchema{Name: name, Note: schema.Description}
		for field, kind := range schema.Properties {
			note := kind.Description
			if len(kind.Enum) > 0 {
				note = strings.TrimSpace(note + fmt.Sprintf(" One of %v.", kind.Enum))
			}
			s.Fields = append(s.Fields, docsField{Name: field, Kind: kindName(kind), Note: note})
		}
		for _, one := range schema.OneOf {
			s.Fields = append(s.Fields, docsField{Name: "or", Kind: kindName(one)})
		}
		slices.SortFunc(s.Fields, func(a, b docsField) int { return strings.Compare(a.Name+a.Kind, b.Name+b.Kind) })
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b docsSchema) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func kindName(s *huma.Schema) string {
	switch {
	case s == nil:
		return ""
	case s.Ref != "":
		return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
	case s.Type == huma.TypeArray:
		return "list of " + kindName(s.Items)
	case s.Format != "":
		return s.Type + ", " + s.Format
	}
	return s.Type
}
