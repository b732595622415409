// Package api makes typed endpoints: each says who may call it at all (its
// Door), and everything about it stands in the OpenAPI document.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"guildhall/server/access"
	"guildhall/server/problem"
)

// Door says who may call an endpoint at all. There is no default.
type Door string

// The doors.
const (
	Public   Door = "public"    // anybody
	SignedIn Door = "signed-in" // a person with a session
	Admin    Door = "admin"     // a person who looks after the site
)

// Op describes one endpoint.
type Op struct {
	ID      string // unique, such as post-message
	Method  string
	Path    string // below /api
	Summary string
	Door    Door
	Status  int   // of success; 200 if 0, 204 for Do
	MaxBody int64 // bytes; 64 KiB if 0
	Errors  []int // statuses beside 401, 422 and 500
}

// Router collects endpoints and their description.
type Router struct {
	huma huma.API
	log  *slog.Logger
	ops  []Op
}

// Huma keeps these as globals, so they are set once, before anything runs.
func init() {
	huma.DefaultArrayNullable = false
	// encoding/json takes ROLE for role: checked must be what is taken.
	huma.ValidateStrictCasing = true
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return newError(status, message, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		p := newError(status, message, errs)
		p.RequestID = requestID(ctx.Context())
		return p
	}
}

// New makes the router on app below /api.
func New(app *fiber.App, title, version string, log *slog.Logger) *Router {
	cfg := huma.DefaultConfig(title, version)
	cfg.CreateHooks = nil // no $schema property in every answer
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = "", "", ""
	cfg.Servers = []*huma.Server{{URL: "/api"}}
	cfg.RejectUnknownQueryParameters = true
	cfg.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", namer())
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: "guildhall", Description: "Set by signing in; named __Host-guildhall over https."},
	}
	return &Router{huma: humafiber.NewV2WithGroup(app, app.Group("/api"), cfg), log: log}
}

// namer gives a type its own name, and one whose name is taken by another
// package the package's name in front: two features may both have an Area.
func namer() func(reflect.Type, string) string {
	taken := map[string]string{}
	return func(t reflect.Type, hint string) string {
		name := huma.DefaultSchemaNamer(t, hint)
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		owner := t.PkgPath()
		if by, ok := taken[name]; !ok || by == owner {
			taken[name] = owner
			return name
		}
		pkg := path.Base(owner)
		return strings.ToUpper(pkg[:1]) + pkg[1:] + name
	}
}

// Ops lists the endpoints in the order in which they were added.
func (r *Router) Ops() []Op { return r.ops }

// OpenAPI is the description, for what is not an endpoint: live frames, tags.
func (r *Router) OpenAPI() *huma.OpenAPI { return r.huma.OpenAPI() }

// Handle adds an endpoint whose answer is O as JSON.
func Handle[I, O any](r *Router, op Op, f func(context.Context, access.Actor, *I) (*O, error)) {
	type output struct{ Body *O }
	if op.Status == 0 {
		op.Status = http.StatusOK
	}
	register(r, op, func(ctx context.Context, in *I) (*output, error) {
		body, err := f(ctx, ActorFrom(ctx), in)
		if err != nil {
			return nil, r.visible(ctx, op, err)
		}
		return &output{Body: body}, nil
	})
}

// Do adds an endpoint that answers 204 without a body.
func Do[I any](r *Router, op Op, f func(context.Context, access.Actor, *I) error) {
	op.Status = http.StatusNoContent
	register(r, op, func(ctx context.Context, in *I) (*struct{}, error) {
		if err := f(ctx, ActorFrom(ctx), in); err != nil {
			return nil, r.visible(ctx, op, err)
		}
		return nil, nil //nolint:nilnil // huma's way to say: no body
	})
}

// Raw adds an endpoint whose output struct also sets headers, such as a
// cookie, in huma's way.
func Raw[I, O any](r *Router, op Op, f func(context.Context, access.Actor, *I) (*O, error)) {
	register(r, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := f(ctx, ActorFrom(ctx), in)
		if err != nil {
			return nil, r.visible(ctx, op, err)
		}
		return out, nil
	})
}

func register[I, O any](r *Router, op Op, f func(context.Context, *I) (*O, error)) {
	switch op.Door {
	case Public, SignedIn, Admin:
	default:
		panic("api: " + op.ID + " has no door")
	}
	mustDescribe[I](op)
	if op.MaxBody == 0 {
		op.MaxBody = 64 << 10
	}
	errors := append([]int{http.StatusUnprocessableEntity}, op.Errors...)
	var security []map[string][]string
	if op.Door != Public {
		errors = append(errors, http.StatusUnauthorized)
		security = []map[string][]string{{"session": {}}}
	}
	tag, _, _ := strings.Cut(strings.TrimPrefix(op.Path, "/"), "/")
	huma.Register(r.huma, huma.Operation{
		OperationID: op.ID, Method: op.Method, Path: op.Path, Summary: op.Summary,
		DefaultStatus: op.Status, MaxBodyBytes: op.MaxBody, Errors: errors, Security: security, Tags: []string{tag},
		Middlewares: huma.Middlewares{r.door(op.Door)},
		Extensions:  map[string]any{"x-door": string(op.Door)},
	}, f)
	r.ops = append(r.ops, op)
}

// mustDescribe panics where a body embeds an unexported struct: encoding/json
// would read its fields, but huma leaves them out of the schema, and so would
// refuse each as unknown.
func mustDescribe[I any](op Op) {
	body, ok := reflect.TypeFor[I]().FieldByName("Body")
	if !ok || body.Type.Kind() != reflect.Struct {
		return
	}
	for _, f := range reflect.VisibleFields(body.Type) {
		if f.Anonymous && !f.IsExported() {
			panic("api: the body of " + op.ID + " embeds the unexported " + f.Name)
		}
	}
}

// door is a middleware, so that a stranger is turned away before the body is
// looked at.
func (r *Router) door(d Door) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		actor := ActorFrom(ctx.Context())
		switch {
		case d == Public, d == SignedIn && actor.SignedIn(), d == Admin && actor.Admin():
			next(ctx)
		case !actor.SignedIn():
			r.refuse(ctx, problem.SignIn())
		default:
			r.refuse(ctx, problem.Forbidden())
		}
	}
}

func (r *Router) refuse(ctx huma.Context, p *problem.Error) {
	p.RequestID = requestID(ctx.Context())
	ctx.SetHeader("Content-Type", p.ContentType(""))
	ctx.SetStatus(p.Status)
	if err := r.huma.Marshal(ctx.BodyWriter(), "application/json", p); err != nil {
		r.log.Error("write problem", "error", err)
	}
}

// visible turns an error into what the caller may see, and logs the rest
// once, here, where it stops.
func (r *Router) visible(ctx context.Context, op Op, err error) error {
	p := *Visible(err)
	p.RequestID = requestID(ctx)
	if p.Status >= 500 {
		r.log.Error("request failed", "operation", op.ID, "account", ActorFrom(ctx).ID, "request", p.RequestID, "error", err)
	}
	return &p
}

// newError is huma's way to make an error, for input that does not fit.
func newError(status int, message string, errs []error) *problem.Error {
	if status >= 500 {
		return problem.Internal(nil)
	}
	slug, title := "invalid", "Something in the request is not right"
	switch status {
	case http.StatusRequestEntityTooLarge:
		slug, title = "too-large", "The request is too large"
	case http.StatusUnsupportedMediaType:
		slug, title = "media-type", "This media type is not understood"
	case http.StatusNotAcceptable:
		slug, title = "not-acceptable", "There is no such form of the answer"
	case http.StatusRequestTimeout:
		slug, title = "too-slow", "The request took too long to arrive"
	}
	p := problem.New(status, slug, title, message)
	for _, err := range errs {
		if d, ok := err.(huma.ErrorDetailer); ok { // huma hands it over as it is
			detail := d.ErrorDetail()
			p.Errors = append(p.Errors, problem.Field{Location: detail.Location, Message: detail.Message})
		} else if err != nil {
			p.Errors = append(p.Errors, problem.Field{Message: err.Error()})
		}
	}
	return p
}

// Schema gives the schema of T under its own name, as a reference.
func Schema[T any](r *Router) *huma.Schema {
	return r.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, "")
}
