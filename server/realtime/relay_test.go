package realtime_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"guildhall/server/ids"
	"guildhall/server/realtime"
	"guildhall/server/testkit"
)

// TestTheBusIsCut: between nodes, or between a node and NATS, cut or silent:
// nothing is lost, doubled or swapped, messages come within two seconds all
// the while, and when the line is back it carries again.
func TestTheBusIsCut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ inside, stuck bool }{
		"a route is cut": {true, false}, "a route is silent": {true, true},
		"NATS is cut": {false, false}, "NATS is silent": {false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var near, far *testkit.World
			var line *testkit.Relay
			if c.inside {
				near = testkit.New(t, meshed())
				line = testkit.NewRelay(t, near.Bus.ClusterAddress())
				far = near.Beside(meshed(line.Address()))
			} else {
				address := startNATS(t)
				near = testkit.New(t, onNATS(address))
				line = testkit.NewRelay(t, address)
				far = near.Beside(onNATS(line.Address()))
			}
			n := nodes{near, far}.together()
			hall := room(near)
			x := in(far, "member", hall)
			seq := int64(0)
			say := func(count int) {
				t.Helper()
				for range count {
					post(near, "moderator", hall, fmt.Sprint(seq))
				}
				x.inOrder(seq+1, seq+int64(count))
				seq += int64(count)
			}
			say(5)
			line.Set(!c.stuck, c.stuck)
			for range 3 {
				began := time.Now()
				say(5)
				if took := time.Since(began); took > 10*time.Second {
					t.Errorf("without the bus messages take %s", took)
				}
			}
			// By now the silence is noticed, and rooms are looked at much more
			// often than every five seconds.
			began := time.Now()
			const rounds = 4
			for range rounds {
				say(5)
			}
			if took := time.Since(began); took > rounds*3*time.Second {
				t.Errorf("when the silence is known, messages still take %s", took/rounds)
			}
			line.Set(false, false)
			n.together()
			testkit.Eventually(t, "the bus carries again", func() bool {
				before := metric(far, "guildhall_bus_letters_in_total")
				say(1)
				return metric(far, "guildhall_bus_letters_in_total") > before
			})
			say(20)
			if gaps, resyncs := metric(far, "guildhall_bus_letters_missed_total"), metric(far, "guildhall_live_resyncs_total"); !c.stuck && (gaps == 0 || resyncs == 0) {
				t.Errorf("%v gaps were seen, %v times everything was looked at", gaps, resyncs)
			}
		})
	}
}

// TestASlowNode: one that cannot keep up loses notices without being told by
// anybody but the numbers, and has everything in the end.
func TestASlowNode(t *testing.T) {
	t.Parallel()
	n := mesh(t, 2)
	hall := room(n[0])
	x := in(n[1], "member", hall)
	before := metric(n[1], "guildhall_live_resyncs_total")
	held := make(chan struct{})
	n[1].Bus.Listen(func(m realtime.Notice) {
		if !m.Missed {
			<-held
		}
	})
	// Few and large ones, which fill what may wait for a node (64 MiB) at little work.
	large := []byte(`{"type":"nothing","of":"` + strings.Repeat("x", 256<<10) + `"}`)
	const messages = 30
	for i := range messages {
		post(n[0], "moderator", hall, fmt.Sprint(i))
		for range 12 {
			n[0].Bus.Publish(realtime.Notice{Account: ids.ID(1 << 40), Frame: large})
		}
	}
	testkit.Eventually(t, "something is dropped", func() bool { return metric(n[1], "guildhall_live_resyncs_total") > before })
	close(held)
	x.inOrder(1, messages)
	testkit.Eventually(t, "the gap is seen", func() bool { return metric(n[1], "guildhall_bus_letters_missed_total") > 0 })
	post(n[0], "moderator", hall, "after")
	x.inOrder(messages+1, messages+1)
}
