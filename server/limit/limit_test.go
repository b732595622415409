package limit_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"guildhall/server/clock"
	"guildhall/server/config"
	"guildhall/server/ids"
	"guildhall/server/limit"
	"guildhall/server/problem"
	"guildhall/server/testkit"
)

var start = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

func TestAddress(t *testing.T) {
	t.Parallel()
	for peer, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::1": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "": "", "nonsense": "nonsense",
	} {
		if got := limit.Address(peer); got != want {
			t.Errorf("%q is counted as %q, want %q", peer, got, want)
		}
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	r, now := limit.NewRate(60), start
	for n := range 60 {
		if err := r.Take(now, "a"); err != nil {
			t.Fatalf("use %d: %v", n+1, err)
		}
	}
	err := r.Take(now, "a")
	if !problem.Is(err, "too-many") || problem.From(err).GetHeaders().Get("Retry-After") != "1" {
		t.Errorf("use 61: %v", err)
	}
	if err := r.Take(now, "b"); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	if err := r.Take(now.Add(time.Second), "a"); err != nil {
		t.Errorf("a second later: %v", err)
	}
	if err := r.Take(now.Add(time.Second), "a"); err == nil {
		t.Error("two in that second")
	}
}

// TestRateForgets: memory follows use, not the number of people ever seen.
func TestRateForgets(t *testing.T) {
	t.Parallel()
	r := limit.NewRate(60)
	for n := range 20_000 {
		if err := r.Take(start.Add(time.Duration(n)*time.Second), fmt.Sprint(n)); err != nil {
			t.Fatal(err)
		}
	}
	if r.Len() > 700 {
		t.Errorf("%d keys are kept of people who were last seen minutes ago", r.Len())
	}
}

func TestGauge(t *testing.T) {
	t.Parallel()
	g := limit.NewGauge(2)
	type step struct {
		key  string
		open bool // or close
		want bool
	}
	for i, s := range []step{
		{"a", true, true}, {"a", true, true}, {"a", true, false}, {"b", true, true}, // two at a time for each key
		{"a", false, true}, {"a", true, true}, {"a", true, false}, // one closed makes room for one
		{"a", false, true}, {"a", false, true}, {"a", false, true}, {"b", false, true}, // once too often does no harm
		{"a", true, true}, {"a", true, true}, {"a", true, false}, {"a", false, true}, {"a", false, true},
	} {
		got := true
		if s.open {
			got = g.Open(s.key)
		} else {
			g.Close(s.key)
		}
		if got != s.want {
			t.Errorf("step %d %+v: %v", i+1, s, got)
		}
	}
	if g.Len() != 0 {
		t.Errorf("%d keys are kept when all is closed", g.Len())
	}
}

// TestTake: windows are counted exactly, however many ask at once, on however
// many nodes.
func TestTake(t *testing.T) {
	t.Parallel()
	d, ctx := testkit.DB(t), context.Background()
	now := start.Add(10*time.Minute + 400*time.Millisecond)
	var group sync.WaitGroup
	var taken atomic.Int32
	for range 24 {
		group.Go(func() {
			err := limit.Take(ctx, d, now, "k", 10, time.Hour)
			switch {
			case err == nil:
				taken.Add(1)
			case !problem.Is(err, "too-many") || problem.From(err).GetHeaders().Get("Retry-After") != "3000":
				t.Errorf("%v, %v", err, problem.From(err).GetHeaders())
			}
		})
	}
	group.Wait()
	if taken.Load() != 10 {
		t.Errorf("%d of 10 were let through", taken.Load())
	}
	if err := limit.Take(ctx, d, now.Add(50*time.Minute), "k", 10, time.Hour); err != nil {
		t.Errorf("the next window: %v", err)
	}
	kept := func() (n int) {
		if err := d.Get(&n, `select count(*) from rate_limits`); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if err := limit.Sweep(ctx, d, now.Add(24*time.Hour)); err != nil || kept() != 1 {
		t.Errorf("%d windows are kept after a day, %v", kept(), err)
	}
}

// TestMessagesOfOneAccount: over HTTP, with Retry-After; nobody else waits.
func TestMessagesOfOneAccount(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(start)
	w := testkit.New(t, testkit.Options{Clock: now, Config: func(c *config.Config) { c.LimitMessages = 3 }})
	var room struct{ ID ids.ID }
	w.As("facilitator").Post(testkit.Path("/spaces/%s/rooms", w.Space("cohortA")), map[string]string{"name": "Room"}).Expect(201).JSON(&room)
	say := func(who string) *testkit.Answer {
		return w.As(who).Post(testkit.Path("/rooms/%s/messages", room.ID), map[string]string{"clientId": ids.NewUUID(), "body": "b"})
	}
	for range 3 {
		say("member").Expect(201)
	}
	if a := say("member").Problem(429, "too-many"); a.Header.Get("Retry-After") != "20" {
		t.Errorf("Retry-After is %q", a.Header.Get("Retry-After"))
	}
	w.As("member").Post(testkit.Path("/spaces/%s/topics", w.Space("cohortA")), map[string]string{"clientId": ids.NewUUID(), "title": "t", "body": "b"}).Problem(429, "too-many")
	say("facilitator").Expect(201)
	now.Pass(20 * time.Second)
	say("member").Expect(201)
	say("member").Problem(429, "too-many")
}

// TestAddressesBehindProxies: only what a trusted proxy added counts, so that
// nobody chooses the address that is counted.
func TestAddressesBehindProxies(t *testing.T) {
	t.Parallel()
	type forwarded []string
	for name, c := range map[string]struct {
		proxies string
		spend   forwarded // two sign-ins use up what one address may
		same    []forwarded
		other   []forwarded
	}{
		"no proxy is trusted": {"", nil, []forwarded{{"203.0.113.1"}, {"203.0.113.2, 203.0.113.3"}, {"203.0.113.4", "203.0.113.5"}}, nil},
		"this machine is": {
			"127.0.0.1, 192.0.2.0/24",
			forwarded{"203.0.113.1"},
			[]forwarded{{"198.51.100.1, 203.0.113.1"}, {"198.51.100.2", "203.0.113.1"}, {"203.0.113.1, 192.0.2.7"}, {"x, 203.0.113.1 , 192.0.2.7,192.0.2.8"}, {"203.0.113.1:5678, 192.0.2.7:80"}},
			[]forwarded{{"203.0.113.2"}, {"[2001:db8::1]:7"}, {"[2001:db8:1::1]"}, {"203.0.113.1, 203.0.113.3"}, {"203.0.113.1", "203.0.113.4"}, nil},
		},
		"not understood": {"127.0.0.1", nil, []forwarded{{"x"}, {"203.0.113.1, unknown"}, {""}, {","}, {"203.0.113.1:"}}, nil},
	} {
		w := testkit.New(t, testkit.Options{Clock: clock.NewFake(start), Config: func(cfg *config.Config) {
			checked, err := config.Load("serve", []string{"--trusted-proxies", c.proxies}, func(string) (string, bool) { return "", false }, nil)
			if err != nil {
				t.Fatal(err)
			}
			cfg.Proxies, cfg.LimitAddressSignIns = checked.Proxies, 2
		}})
		n := 0
		ask := func(from forwarded) int {
			n++
			r, err := http.NewRequestWithContext(context.Background(), "POST", w.URL+"/api/sign-in", strings.NewReader(fmt.Sprintf(`{"email":"p%d@council.example"}`, n)))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			for _, line := range from {
				r.Header.Add("X-Forwarded-For", line)
			}
			return w.Do(r).Status
		}
		for range 2 {
			if status := ask(c.spend); status != 202 {
				t.Errorf("%s: %d", name, status)
			}
		}
		for _, from := range c.same {
			if status := ask(from); status != 429 {
				t.Errorf("%s: %q is another address: %d", name, from, status)
			}
		}
		for _, from := range c.other {
			if status := ask(from); status != 202 {
				t.Errorf("%s: %q is the same address: %d", name, from, status)
			}
		}
	}
}
