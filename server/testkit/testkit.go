// Package testkit gives a test its world: a database of its own, a whole
// server on it, and a cast of people. Only tests import it.
package testkit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"guildhall/server"
	"guildhall/server/access"
	"guildhall/server/clock"
	"guildhall/server/config"
	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/mail"
)

// World is a running server with a cast. Each test has its own.
type World struct {
	*server.Server
	T     testing.TB
	URL   string
	Clock *clock.Fake // set by Options.Clock, else nil: the machine's time
	Mail  *mail.Memory

	spaces map[string]ids.ID
	people map[string]*Person
}

// Options changes a world from the usual one.
type Options struct {
	Config func(*config.Config)
	Clock  *clock.Fake
	Log    *slog.Logger
	Mail   mail.Sender // instead of World.Mail
	DB     *db.DB      // instead of one of the shared cluster
}

// New starts a world: cohort A with moderator, facilitator and member; cohort
// B with outsider and a moderator of its own; all of them and admin in the
// network. It is taken down with the test.
func New(t testing.TB, options ...Options) *World {
	t.Helper()
	var o Options
	if len(options) > 0 {
		o = options[0]
	}
	w := &World{T: t, Mail: &mail.Memory{}, Clock: o.Clock, spaces: map[string]ids.ID{}, people: map[string]*Person{}}
	if o.DB == nil {
		o.DB = DB(t)
	}
	w.start(o.DB, o, w.cast)
	return w
}

// On starts another server on a database that holds this world already, such
// as a restored one, with the same people in it.
func (w *World) On(d *db.DB, options ...Options) *World {
	w.T.Helper()
	var o Options
	if len(options) > 0 {
		o = options[0]
	}
	other := &World{T: w.T, Mail: &mail.Memory{}, Clock: o.Clock, spaces: w.spaces, people: map[string]*Person{}}
	for name, p := range w.people {
		moved := *p
		moved.world = other
		other.people[name] = &moved
	}
	other.start(d, o, func() {})
	return other
}

// Beside starts another node on this world's database, with connections of its
// own.
func (w *World) Beside(options ...Options) *World {
	w.T.Helper()
	d, err := db.Open(context.Background(), db.Options{DSN: w.DB.DSN(), Pool: 8})
	if err != nil {
		w.T.Fatal(err)
	}
	w.T.Cleanup(func() {
		if err := d.Close(); err != nil {
			w.T.Errorf("close the other node's database: %v", err)
		}
	})
	return w.On(d, options...)
}

func (w *World) start(d *db.DB, o Options, cast func()) {
	t := w.T
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Load("serve", []string{"--listen", listener.Addr().String(), "--data", t.TempDir()}, func(string) (string, bool) { return "", false }, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	c.DBPool, c.LimitMessages, c.DrainTimeout = 8, 1_000_000, 3*time.Second
	if o.Config != nil {
		o.Config(&c)
	}
	deps := server.Deps{DB: d, Mail: w.Mail, Version: "test", Log: o.Log}
	if deps.Log == nil {
		deps.Log = logger(t)
	}
	if o.Mail != nil {
		deps.Mail = o.Mail
	}
	if o.Clock != nil {
		deps.Now = o.Clock.Now
	}
	if w.Server, err = server.New(context.Background(), c, deps); err != nil {
		t.Fatal(err)
	}
	w.URL = c.URL
	if err := w.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	cast()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := w.Listen(listener); err != nil {
			t.Errorf("serve: %v", err)
		}
	}()
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		<-done
	})
}

// Space is the id of cohortA, cohortB or network.
func (w *World) Space(name string) ids.ID {
	w.T.Helper()
	id, ok := w.spaces[name]
	if !ok {
		w.T.Fatalf("there is no space %q in the cast", name)
	}
	return id
}

// As gives a person of the cast: admin, moderator, facilitator, member,
// outsider, or stranger, who is not signed in.
func (w *World) As(name string) *Person {
	w.T.Helper()
	if name == "stranger" {
		return &Person{world: w, Name: "stranger"}
	}
	p, ok := w.people[name]
	if !ok {
		w.T.Fatalf("there is no %q in the cast", name)
	}
	return p
}

// Person is somebody with a session.
type Person struct {
	world *World
	ID    ids.ID
	Name  string
	Email string
	Token string
}

// Actor is the person as a method takes it, with their roles as they are now.
func (p *Person) Actor() access.Actor {
	p.world.T.Helper()
	who, _, err := p.world.Accounts.LoadActor(context.Background(), p.Token)
	if err != nil {
		p.world.T.Fatal(err)
	}
	return who
}

// Get asks for a path such as /api/me.
func (p *Person) Get(path string) *Answer { p.world.T.Helper(); return p.Send("GET", path, nil) }

// Post sends a body as JSON; a string goes as it is.
func (p *Person) Post(path string, body any) *Answer {
	p.world.T.Helper()
	return p.Send("POST", path, body)
}

// Put sends a body as JSON.
func (p *Person) Put(path string, body any) *Answer {
	p.world.T.Helper()
	return p.Send("PUT", path, body)
}

// Patch sends a body as JSON.
func (p *Person) Patch(path string, body any) *Answer {
	p.world.T.Helper()
	return p.Send("PATCH", path, body)
}

// Delete asks to remove a path.
func (p *Person) Delete(path string) *Answer { p.world.T.Helper(); return p.Send("DELETE", path, nil) }

// Client is what worlds use to talk to their servers. It follows nothing.
var client = &http.Client{
	Timeout:       30 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Send makes a request as this person's browser would.
func (p *Person) Send(method, path string, body any) *Answer {
	p.world.T.Helper()
	var data []byte
	switch b := body.(type) {
	case nil:
	case string:
		data = []byte(b)
	default:
		var err error
		if data, err = json.Marshal(b); err != nil {
			p.world.T.Fatal(err)
		}
	}
	kind := "application/json"
	if data == nil {
		kind = ""
	}
	return p.Raw(method, path, kind, data)
}

// Raw sends bytes of any kind as this person's browser would.
func (p *Person) Raw(method, path, kind string, data []byte) *Answer {
	p.world.T.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, p.world.URL+path, bytes.NewReader(data))
	if err != nil {
		p.world.T.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	r.Header.Set("Origin", p.world.URL)
	if p.Token != "" {
		r.AddCookie(&http.Cookie{Name: "guildhall", Value: p.Token})
	}
	return p.world.Do(r)
}

// Do sends any request.
func (w *World) Do(r *http.Request) *Answer {
	w.T.Helper()
	res, err := client.Do(r)
	if err != nil {
		w.T.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	defer res.Body.Close() // it was read
	data, err := io.ReadAll(res.Body)
	if err != nil {
		w.T.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	return &Answer{t: w.T, Request: r.Method + " " + r.URL.Path, Status: res.StatusCode, Header: res.Header, Body: string(data)}
}

// Answer is what the server said.
type Answer struct {
	t       testing.TB
	Request string
	Status  int
	Header  http.Header
	Body    string
}

// Expect fails the test unless the status is this one.
func (a *Answer) Expect(status int) *Answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("%s answered %d, want %d: %s", a.Request, a.Status, status, a.Body)
	}
	return a
}

// Problem fails the test unless the answer is this problem.
func (a *Answer) Problem(status int, slug string) *Answer {
	a.t.Helper()
	a.Expect(status)
	var p struct{ Type, RequestID string }
	if err := json.Unmarshal([]byte(a.Body), &p); err != nil || p.Type != "/problems/"+slug || p.RequestID == "" {
		a.t.Fatalf("%s answered the problem %q, want %q with a request id: %s", a.Request, p.Type, slug, a.Body)
	}
	if kind := a.Header.Get("Content-Type"); kind != "application/problem+json" {
		a.t.Fatalf("%s answered %s, want application/problem+json", a.Request, kind)
	}
	return a
}

// JSON reads the body into v.
func (a *Answer) JSON(v any) *Answer {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.Body), v); err != nil {
		a.t.Fatalf("%s: %v: %s", a.Request, err, a.Body)
	}
	return a
}

// Path builds a path from parts: ids, numbers and words.
func Path(format string, parts ...any) string { return "/api" + fmt.Sprintf(format, parts...) }

// Drain runs all jobs that are due.
func (w *World) Drain() {
	w.T.Helper()
	if err := w.Events.Drain(context.Background()); err != nil {
		w.T.Fatal(err)
	}
}

// Eventually waits up to twenty seconds until ok, which is long so that a busy
// machine fails no test: how fast something is, is measured by who promises it.
// What says what was waited for.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for start := clock.System(); clock.System().Sub(start) < 20*time.Second; time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("waited in vain: %s", what)
}

// logger shows warnings and worse of a test that failed.
func logger(t testing.TB) *slog.Logger {
	level := slog.LevelWarn
	if os.Getenv("GUILDHALL_TEST_LOG") != "" {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(&testWriter{t: t}, &slog.HandlerOptions{Level: level}))
}

type testWriter struct{ t testing.TB }

// Write logs a line unless the test is over.
func (w *testWriter) Write(b []byte) (int, error) {
	defer func() { _ = recover() }() // a late line after the test has ended
	w.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}
