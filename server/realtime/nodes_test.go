package realtime_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"

	"guildhall/server"
	"guildhall/server/config"
	"guildhall/server/ids"
	"guildhall/server/realtime"
	"guildhall/server/testkit"
)

const clusterSecret = "a secret that all the nodes share"

// meshed makes a node of a cluster that knows these others.
func meshed(routes ...string) testkit.Options {
	return testkit.Options{Config: func(c *config.Config) {
		c.ClusterListen, c.ClusterName, c.ClusterSecret, c.Routes = "127.0.0.1:0", "guildhall", clusterSecret, routes
	}}
}

// onNATS makes a node that uses a NATS server outside.
func onNATS(address string) testkit.Options {
	return testkit.Options{Config: func(c *config.Config) { c.NATSURL = "nats://" + address }}
}

// startNATS starts a NATS server outside and gives its address.
func startNATS(t *testing.T) string {
	t.Helper()
	s, err := natsserver.NewServer(&natsserver.Options{Host: "127.0.0.1", Port: natsserver.RANDOM_PORT, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(s.Shutdown)
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("the NATS server does not start")
	}
	return s.Addr().String()
}

// metric reads one of a node's figures.
func metric(w *testkit.World, name string) float64 {
	w.T.Helper()
	res, err := http.Get(w.URL + "/metrics")
	if err != nil {
		w.T.Fatal(err)
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				w.T.Fatal(err)
			}
			return n
		}
	}
	w.T.Fatalf("there is no figure %s", name)
	return 0
}

func (n nodes) together() nodes {
	n[0].T.Helper()
	for i, w := range n {
		testkit.Eventually(w.T, fmt.Sprintf("node %d hears the others", i), func() bool { return metric(w, "guildhall_bus_nodes") == float64(len(n)-1) })
	}
	return n
}

// nodes are servers on one database.
type nodes []*testkit.World

// mesh starts nodes of which each knows only the first.
func mesh(t *testing.T, count int) nodes {
	t.Helper()
	n := nodes{testkit.New(t, meshed())}
	for len(n) < count {
		n = append(n, n[0].Beside(meshed(n[0].Bus.ClusterAddress())))
	}
	return n.together()
}

// room makes a room of cohort A.
func room(w *testkit.World) ids.ID {
	w.T.Helper()
	var made struct{ ID ids.ID }
	w.As("facilitator").Post(testkit.Path("/spaces/%s/rooms", w.Space("cohortA")), map[string]any{"name": "Across " + ids.Token(4)}).Expect(201).JSON(&made)
	return made.ID
}

func post(w *testkit.World, who string, room ids.ID, text string) {
	w.T.Helper()
	w.As(who).Post(testkit.Path("/rooms/%s/messages", room), map[string]any{"clientId": ids.NewUUID(), "body": text}).Expect(201)
}

// in subscribes somebody to a room on a node.
func in(w *testkit.World, who string, room ids.ID) *socket {
	w.T.Helper()
	s := dial(w, who)
	s.send(map[string]any{"type": "subscribe", "room": room})
	s.until("subscribed")
	return s
}

// inOrder fails unless the socket gets these numbers, one after the other.
func (s *socket) inOrder(from, to int64) {
	s.t.Helper()
	for want := from; want <= to; want++ {
		if f := s.until("message"); f.Seq != want {
			s.t.Fatalf("got number %d where %d was due", f.Seq, want)
		}
	}
}

// TestAcrossNodes: what is posted on one node reaches the sockets of all, once
// and in order, whoever posts where.
func TestAcrossNodes(t *testing.T) {
	t.Parallel()
	n := mesh(t, 3)
	hall := room(n[0])
	sockets := []*socket{in(n[0], "member", hall), in(n[1], "moderator", hall), in(n[2], "facilitator", hall)}
	post(n[0], "member", hall, "first")
	for _, s := range sockets {
		s.inOrder(1, 1)
	}
	for _, w := range n[1:] {
		if read, heard := metric(w, "guildhall_live_gap_filled_total"), metric(w, "guildhall_bus_letters_in_total"); read != 0 || heard == 0 {
			t.Errorf("not the bus brought it: %v changes were read, %v letters heard", read, heard)
		}
	}
	const each = 60
	var group sync.WaitGroup
	for i, w := range n {
		group.Go(func() {
			for j := range each {
				post(w, []string{"member", "moderator", "facilitator"}[i], hall, fmt.Sprint(j))
			}
		})
	}
	for _, s := range sockets {
		s.inOrder(2, 1+3*each)
	}
	group.Wait()
	if missed := metric(n[1], "guildhall_bus_letters_missed_total"); missed != 0 {
		t.Errorf("%v letters were missed", missed)
	}
}

// TestPresenceAndTypingAcrossNodes also looks at a node that starts late: it
// knows soon who is there, before anybody gives another sign of life.
func TestPresenceAndTypingAcrossNodes(t *testing.T) {
	t.Parallel()
	n := mesh(t, 2)
	hall, space := room(n[0]), n[0].Space("cohortA")
	anna, ben := in(n[0], "member", hall), in(n[1], "moderator", hall)
	ben.send(map[string]any{"type": "subscribe", "space": space})
	ben.until("presence")
	anna.send(map[string]any{"type": "presence"})
	here := []realtime.Here{{Person: n[0].As("member").ID, State: "here"}}
	if f := ben.until("presence"); !slices.Equal(f.People, here) {
		t.Errorf("told: %+v", f)
	}
	anna.send(map[string]any{"type": "typing", "room": hall})
	if f := ben.until("typing"); f.Room != hall {
		t.Errorf("told: %+v", f)
	}
	n = append(n, n[0].Beside(meshed(n[1].Bus.ClusterAddress()))).together()
	testkit.Eventually(t, "the late node knows who is there", func() bool {
		x := dial(n[2], "facilitator")
		defer x.ws.Close()
		x.send(map[string]any{"type": "subscribe", "space": space})
		return slices.Equal(x.until("presence").People, here)
	})
	if err := n[2].Close(); err != nil {
		t.Error(err)
	}
	n[:2].together() // it said goodbye, or it would be waited for much longer
}

// TestLossesAcrossNodes: who is removed, demoted, signed out or suspended on
// one node gets nothing more on another at once, even when that one hears
// nothing. That "at once" is a second is for a machine that is not busy with
// other tests.
func TestLossesAcrossNodes(t *testing.T) {
	t.Parallel()
	for name, n := range map[string]func(*testing.T) nodes{
		"by the bus": func(t *testing.T) nodes { return mesh(t, 2) },
		"without": func(t *testing.T) nodes {
			w := testkit.New(t, meshed())
			return nodes{w, w.Beside(meshed())}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := n(t)
			hall := room(n[0])
			var group struct{ ID ids.ID }
			n[0].As("facilitator").Post("/api/conversations", map[string]any{"clientId": ids.NewUUID(), "people": []ids.ID{n[0].As("member").ID, n[0].As("outsider").ID}}).Expect(201).JSON(&group)
			walked := in(n[1], "outsider", group.ID)
			removed, left, gone := in(n[1], "member", hall), in(n[1], "facilitator", hall), in(n[1], "moderator", hall)
			began := time.Now()
			within := func(what string) {
				t.Helper()
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("%s takes %s", what, took)
				}
			}
			n[0].As("outsider").Delete(testkit.Path("/rooms/%s/people/%s", group.ID, n[0].As("outsider").ID)).Expect(204)
			for f := walked.next(); f.Type != "access" && f.Type != "room"; {
				f = walked.next()
			}
			within("leaving a conversation")
			post(n[1], "member", group.ID, "among ourselves")
			walked.silent()
			began = time.Now()
			n[0].As("facilitator").Delete("/api/session").Expect(200)
			if code := left.closed(); code != 4001 {
				t.Errorf("signed out: closed with %d", code)
			}
			within("signing out")
			began = time.Now()
			if _, err := n[0].DB.Exec(`update accounts set suspended_at = now() where id = $1`, n[0].As("moderator").ID); err != nil {
				t.Fatal(err)
			}
			if code := gone.closed(); code != 4001 {
				t.Errorf("suspended: closed with %d", code)
			}
			within("a suspension")
			began = time.Now()
			if _, err := n[0].DB.Exec(`update accounts set suspended_at = null where id = $1`, n[0].As("moderator").ID); err != nil {
				t.Fatal(err)
			}
			n[0].As("moderator").Delete(testkit.Path("/spaces/%s/members/%s", n[0].Space("cohortA"), n[0].As("member").ID)).Expect(204)
			removed.until("access")
			within("a removal")
			post(n[1], "moderator", hall, "not for them")
			removed.send(map[string]any{"type": "subscribe", "room": hall})
			if f := removed.next(); f.Type != "refused" {
				t.Errorf("after the removal: %+v", f)
			}
		})
	}
}

// TestNodesThatMustNotHear: of another secret, and on another database beside
// us on the same NATS.
func TestNodesThatMustNotHear(t *testing.T) {
	t.Parallel()
	address := startNATS(t)
	one, other := testkit.New(t, onNATS(address)), testkit.New(t, onNATS(address))
	w := testkit.New(t, meshed())
	wrong := w.Beside(testkit.Options{Config: func(c *config.Config) {
		meshed(w.Bus.ClusterAddress()).Config(c)
		c.ClusterSecret += "?"
	}})
	right := w.Beside(meshed(w.Bus.ClusterAddress()))
	nodes{w, right}.together()
	for range 20 {
		for name, w := range map[string]*testkit.World{"one network": one, "another": other, "a wrong secret": wrong} {
			if n := metric(w, "guildhall_bus_nodes"); n != 0 {
				t.Fatalf("%s: %v nodes are heard", name, n)
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	nodes{w, right}.together()
}

// TestStartNamesWhatIsWrong: and tells no password.
func TestStartNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := testkit.New(t, meshed())
	for want, change := range map[string]func(*config.Config){
		"NATS_URL":                 func(c *config.Config) { c.NATSURL = "nats://me:hunter2@127.0.0.1:1" },
		"GUILDHALL_CLUSTER_LISTEN": func(c *config.Config) { meshed().Config(c); c.ClusterListen = w.Bus.ClusterAddress() },
	} {
		c, err := config.Load("serve", []string{"--data", t.TempDir()}, func(string) (string, bool) { return "", false }, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		change(&c)
		s, err := server.New(context.Background(), c, server.Deps{DB: testkit.DB(t)})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Start(context.Background())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter") {
			t.Errorf("the start says %v and should name %s", err, want)
		}
		if err := errors.Join(s.Close()); err != nil {
			t.Error(err)
		}
	}
}
