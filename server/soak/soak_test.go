// Package soak_test lets people talk for a while as the network falls apart
// under them, and then compares what every device shows with what was
// acknowledged. `make soak` runs it for longer.
package soak_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"guildhall/server/access"
	"guildhall/server/ids"
)

// TestSoak runs with one node and with three, each for GUILDHALL_SOAK, by
// chance that GUILDHALL_SOAK_SEED fixes. The seed decides who does what; when
// it happens is the machine's affair.
func TestSoak(t *testing.T) {
	lasts, seed := 4*time.Second, uint64(1)
	if text := os.Getenv("GUILDHALL_SOAK"); text != "" {
		var err error
		if lasts, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	if text := os.Getenv("GUILDHALL_SOAK_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	d := startDatabase(t)
	for _, nodes := range []int{1, 3} {
		t.Run(fmt.Sprint(nodes, " nodes"), func(t *testing.T) {
			t.Logf("seed %d, %s", seed, lasts)
			soak(t, d, nodes, lasts, seed+uint64(nodes)<<32)
		})
	}
}

// cast is six people: a host, two who stay, and one guest for each room.
type cast struct {
	space  ids.ID
	people []*person
	actors []*actor
	rooms  []ids.ID
}

func (c *cast) host() *actor             { return c.actors[0] }
func (c *cast) guest(room ids.ID) *actor { return c.actors[3+slices.Index(c.rooms, room)] }

func soak(t *testing.T, d *database, count int, lasts time.Duration, seed uint64) {
	nats := ""
	if count > 1 {
		nats = startNATS(t)
	}
	var nodes []*node
	for range count {
		nodes = append(nodes, newNode(t, d, nats))
	}
	m := &model{t: t, rooms: map[ids.ID]*room{}, counts: map[string]int{}}
	c := newCast(t, m, d, nodes, seed)

	var devices []*device
	var watching, acting sync.WaitGroup
	var calm atomic.Bool
	end, stopWatching := context.WithCancel(t.Context())
	t.Cleanup(func() { stopWatching(); watching.Wait() })
	for _, p := range c.people {
		for n := range 2 {
			dev := newDevice(m, p, nodes, c.rooms, n+1, seed)
			devices = append(devices, dev)
			watching.Go(func() { dev.run(end, func() bool { return !calm.Load() }) })
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	troubles := []string{nodeKilled, databaseKilled}
	if count > 1 {
		troubles = append(troubles, lineCut, lineSilent)
	}
	go func() { defer stop(); m.enough(lasts, troubles) }()
	for _, a := range c.actors {
		acting.Go(func() { a.run(ctx) })
	}
	acting.Go(func() { c.comeAndGo(ctx, seed) })
	trouble(ctx, m, d, nodes, seed)
	acting.Wait()
	calm.Store(true)
	for _, n := range nodes {
		n.connected()
	}

	compare(t, m, d, c, nodes, devices)
	for i, n := range nodes {
		text := n.said()
		for _, sign := range []string{"panic", "DATA RACE", "fatal error"} {
			if strings.Contains(text, sign) {
				t.Errorf("node %d: %s", i+1, text)
				break
			}
		}
	}
	t.Logf("%v", m.counts)
}

// newCast makes a space with three rooms: an open one, a private one, and a
// conversation.
func newCast(t *testing.T, m *model, d *database, nodes []*node, seed uint64) *cast {
	t.Helper()
	c := &cast{}
	if err := d.Get(&c.space, `insert into spaces (kind, name) values ('cohort', $1) returning id`, "Soak "+ids.Token(4)); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"Host", "Anna", "Ben", "Cara", "Dev", "Eve"} {
		role := access.Member
		if i == 0 {
			role = access.Moderator
		}
		c.people = append(c.people, d.addPerson(t, c.space, role, name))
	}
	make := func(path string, body any) ids.ID {
		var made struct{ ID ids.ID }
		status, data, err := c.people[0].ask(t.Context(), nodes[0], "POST", path, body)
		if err != nil || status != 201 || json.Unmarshal(data, &made) != nil {
			t.Fatalf("%s: %v, %d %s", path, err, status, data)
		}
		return made.ID
	}
	steady := []ids.ID{c.people[1].id, c.people[2].id}
	rooms := fmt.Sprintf("/spaces/%s/rooms", c.space)
	kinds := []string{"open", "private", "group"}
	c.rooms = []ids.ID{
		make(rooms, map[string]any{"name": "Open"}),
		make(rooms, map[string]any{"name": "Private", "private": true, "people": steady}),
		make("/conversations", map[string]any{"clientId": ids.NewUUID(), "people": steady, "name": "Group"}),
	}
	for i, id := range c.rooms {
		r := &room{id: id, kind: kinds[i], stays: map[ids.ID][]stay{}, said: map[string]*message{}, unsure: map[string]bool{}, feels: map[ids.ID][]feeling{}, read: map[ids.ID]int64{}, lost: map[ids.ID]bool{}}
		m.rooms[id] = r
		for n, p := range c.people {
			if n < 3 || i == 0 {
				r.enter(p.id, 0, time.Time{})
			}
		}
	}
	for i, p := range c.people {
		a := newActor(m, p, nodes, c.rooms, seed)
		a.space = c.space
		if a.guest = i >= 3; a.guest {
			a.rooms = []ids.ID{c.rooms[i-3]}
		}
		c.actors = append(c.actors, a)
	}
	return c
}

// comeAndGo has the host bring guests in and out.
func (c *cast) comeAndGo(ctx context.Context, seed uint64) {
	host := newActor(c.host().m, c.people[0], c.host().nodes, c.rooms, seed+1)
	host.space = c.space
	for ctx.Err() == nil {
		id := c.rooms[host.rng.IntN(len(c.rooms))]
		host.host(id, c.guest(id))
		time.Sleep(time.Duration(100+host.rng.IntN(1500)) * time.Millisecond)
	}
}

// What trouble makes, as it is counted.
const (
	nodeKilled     = "nodes killed"
	databaseKilled = "databases killed"
	lineCut        = "lines cut"
	lineSilent     = "lines silent"
)

// trouble kills nodes and PostgreSQL and cuts lines to NATS until ctx ends,
// and leaves all of it mended.
func trouble(ctx context.Context, m *model, d *database, nodes []*node, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 7))
	pause := func(most int) {
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(100+rng.IntN(most)) * time.Millisecond):
		}
	}
	for ctx.Err() == nil {
		pause(1800)
		n := nodes[rng.IntN(len(nodes))]
		switch k := rng.IntN(10); {
		case k < 3:
			m.count(nodeKilled)
			n.end(syscall.SIGKILL)
			pause(600)
			n.start()
		case k < 4:
			m.count("nodes stopped")
			n.end(syscall.SIGTERM)
			n.start()
		case k < 6:
			m.count(databaseKilled)
			if pid := d.run.PID(); pid > 0 {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		case n.line != nil:
			what := lineCut
			if k >= 8 {
				what = lineSilent
			}
			m.count(what)
			n.line.Set(k < 8, k >= 8)
			pause(2500)
			n.line.Set(false, false)
		}
	}
}
