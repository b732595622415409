package realtime

import (
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"

	"guildhall/server/clock"
	"guildhall/server/config"
	"guildhall/server/ids"
)

const (
	pulseEvery  = time.Second
	pulseLate   = 2500 * time.Millisecond // then its node may be out of reach
	nodeQuiet   = time.Minute             // then it is not counted as there
	nodeLife    = time.Hour               // then it is forgotten: until it says goodbye it may be out of reach, and go on
	mostWaiting = 64 << 20                // bytes on their way to NATS, or from it to the hubs
	mostLetters = 1 << 16                 // the same
)

// Nodes is what Join stands on.
type Nodes struct {
	Log     *slog.Logger
	Now     clock.Clock
	Config  config.Config // NATSURL and the cluster settings
	Metrics prometheus.Registerer
	// Network is a secret that all nodes on one database share, and no others:
	// what is said here is heard by nobody else on the same NATS.
	Network []byte
}

// Join brings the other nodes to the bus, by the NATS server of the settings
// or by one of its own inside this process. It is called once, at start; an
// error names the setting.
//
// NATS may lose anything, in silence: a route breaks while our own connection
// stands, a slow reader is cut and comes back. So each node numbers what it
// says and tells every second how far it has come; who sees a gap has Missed.
func (b *Bus) Join(d Nodes) error {
	l := &link{
		bus: b, log: d.Log, now: d.Now, subject: "guildhall." + hex.EncodeToString(d.Network[:8]) + ".live",
		node: ids.Token(9), peers: map[string]*peer{}, wake: make(chan struct{}, 1), ended: make(chan struct{}),
		counts: newLinkCounts(d.Metrics),
	}
	var err error
	var inside []nats.Option
	if l.server, inside, err = startNATS(d); err != nil {
		return err
	}
	if err := l.connect(d.Config.NATSURL, inside); err != nil {
		l.stopServer()
		return err
	}
	go l.run()
	b.link.Store(l)
	return nil
}

// Close sends what is on its way, says goodbye and leaves the other nodes. The
// bus goes on inside this process.
func (b *Bus) Close() {
	l := b.link.Swap(nil)
	if l == nil {
		return
	}
	l.mu.Lock()
	l.closing = true
	l.mu.Unlock()
	l.poke()
	select {
	case <-l.ended:
		_ = l.nc.FlushTimeout(time.Second) // who does not hear it finds out by itself
	case <-time.After(2 * time.Second): // a server that takes nothing
	}
	l.nc.Close()
	l.stopServer()
}

// link is this node's end of NATS.
type link struct {
	bus     *Bus
	log     *slog.Logger
	now     clock.Clock
	subject string
	node    string
	nc      *nats.Conn
	server  *server.Server // inside this process; nil with NATS_URL
	counts  linkCounts
	wake    chan struct{}
	ended   chan struct{} // closed when nothing more is sent

	mu      sync.Mutex
	waiting []Notice
	bytes   int
	dropped uint64 // since the last look: there was no room for them
	closing bool
	peers   map[string]*peer

	last uint64 // number of the last letter; the sender's alone
}

// peer is another node.
type peer struct {
	last  uint64
	seen  time.Time
	quiet bool // for so long that it is not counted as there
}

func (l *link) connect(address string, inside []nats.Option) error {
	nc, err := nats.Connect(address, append(inside,
		nats.Name("guildhall"), nats.NoEcho(), nats.Timeout(5*time.Second), nats.MaxReconnects(-1),
		nats.ReconnectWait(250*time.Millisecond), nats.ReconnectJitter(250*time.Millisecond, 250*time.Millisecond),
		nats.ReconnectBufSize(-1), // what was not sent is a gap, which is known how to fill
		nats.PingInterval(5*time.Second), nats.MaxPingsOutstanding(2), nats.FlusherTimeout(5*time.Second),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			l.counts.Connected.Set(0)
			if err != nil {
				l.log.Warn("NATS is out of reach; rooms are followed in the database until it is back", "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) {
			l.counts.Connected.Set(1)
			l.log.Info("NATS is back")
			l.missed()
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			l.log.Warn("NATS reports a fault; what may be missing is read from the database", "error", err)
			l.missed()
		}),
	)...)
	if err == nil {
		err = l.subscribe(nc)
	}
	if err != nil && address != "" {
		return fmt.Errorf("NATS_URL: the NATS server cannot be used: %w", err)
	}
	if err != nil {
		return fmt.Errorf("connect to the NATS server inside: %w", err)
	}
	l.nc = nc
	l.counts.Connected.Set(1)
	return nil
}

// subscribe takes everything by one subscription, which has one goroutine.
func (l *link) subscribe(nc *nats.Conn) error {
	sub, err := nc.Subscribe(l.subject, func(m *nats.Msg) { l.take(m.Data) })
	if err == nil {
		err = errors.Join(sub.SetPendingLimits(mostLetters, mostWaiting), nc.FlushTimeout(5*time.Second))
	}
	if err != nil {
		nc.Close()
	}
	return err
}

// send queues a notice for the other nodes and never blocks.
func (l *link) send(n Notice) {
	size := len(n.Frame)
	for _, c := range n.Changes {
		size += len(c.Frame)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing {
		return
	}
	if l.bytes+size > mostWaiting || len(l.waiting) >= mostLetters {
		l.dropped++
		return
	}
	l.waiting = append(l.waiting, n)
	l.bytes += size
	l.poke()
}

func (l *link) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// run sends what waits, and the pulse, until Close.
func (l *link) run() {
	defer close(l.ended)
	pulse := time.NewTicker(pulseEvery)
	defer pulse.Stop()
	l.say(letter{Pulse: true})
	for {
		select {
		case <-l.wake:
		case <-pulse.C:
			l.say(letter{Pulse: true})
			l.forget()
		}
		l.mu.Lock()
		list, closing := l.waiting, l.closing
		l.last += l.dropped // others see the gap
		l.waiting, l.bytes, l.dropped = nil, 0, 0
		l.mu.Unlock()
		for _, n := range list {
			for _, piece := range n.pieces() {
				l.last++
				l.say(letter{Notice: piece})
			}
		}
		if closing {
			l.say(letter{Bye: true})
			return
		}
	}
}

// say publishes a letter. One that fails is a gap for the others.
func (l *link) say(m letter) {
	m.Node, m.N = l.node, l.last
	if err := l.nc.Publish(l.subject, m.bytes()); err == nil && !m.Pulse {
		l.counts.Out.Inc()
	}
}

// take is told of every letter of every other node, one after the other.
func (l *link) take(data []byte) {
	defer func() {
		if p := recover(); p != nil {
			l.log.Error("panic", "while", "hear another node", "panic", p, "stack", string(debug.Stack()))
			l.missed()
		}
	}()
	m, err := readLetter(data)
	if err != nil {
		l.log.Warn("another node said what is not understood; what may be missing is read from the database", "error", err)
		l.missed()
		return
	}
	gap := l.heard(m)
	if !m.Pulse && !m.Bye {
		l.counts.In.Inc()
		l.bus.deliver(m.Notice)
	}
	if gap > 0 {
		l.counts.Gaps.Add(float64(gap))
		l.missed()
	}
}

// heard notes a letter and says how many before it are missing.
func (l *link) heard(m letter) (gap uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.peers[m.Node]
	if p == nil {
		p = &peer{}
		l.peers[m.Node] = p
		l.log.Info("another node is there", "node", m.Node)
	}
	due := p.last
	if !m.Pulse && !m.Bye {
		due++
	}
	if m.N > due {
		gap = m.N - due
	}
	p.last, p.seen, p.quiet = max(p.last, m.N), l.now(), false
	if m.Bye {
		delete(l.peers, m.Node)
	}
	l.countNodes()
	return gap
}

// forget drops nodes that have said nothing for very long.
func (l *link) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for node, p := range l.peers {
		since := l.now().Sub(p.seen)
		if since > nodeQuiet && !p.quiet {
			p.quiet = true
			l.log.Warn("another node has said nothing for a minute", "node", node)
		}
		if since > nodeLife {
			delete(l.peers, node)
		}
	}
	l.countNodes()
}

// countNodes needs the lock.
func (l *link) countNodes() {
	there := 0
	for _, p := range l.peers {
		if !p.quiet {
			there++
		}
	}
	l.counts.Nodes.Set(float64(there))
}

// cutOff says whether NATS is gone or a node is late with its pulse.
func (l *link) cutOff() bool {
	if !l.nc.IsConnected() {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.peers {
		if l.now().Sub(p.seen) > pulseLate {
			return true
		}
	}
	return false
}

func (l *link) missed() { l.bus.deliver(Notice{Missed: true}) }

func (l *link) stopServer() {
	if l.server != nil {
		l.server.Shutdown()
		l.server.WaitForShutdown()
	}
}

// linkCounts are the metrics of the way to other nodes.
type linkCounts struct {
	Connected, Nodes prometheus.Gauge
	Out, In, Gaps    prometheus.Counter
}

func newLinkCounts(r prometheus.Registerer) linkCounts {
	c := linkCounts{
		Connected: prometheus.NewGauge(prometheus.GaugeOpts{Name: "guildhall_bus_connected", Help: "1 while NATS is in reach."}),
		Nodes:     prometheus.NewGauge(prometheus.GaugeOpts{Name: "guildhall_bus_nodes", Help: "Other nodes that were heard in the last minute."}),
		Out:       prometheus.NewCounter(prometheus.CounterOpts{Name: "guildhall_bus_letters_out_total", Help: "Letters sent to other nodes."}),
		In:        prometheus.NewCounter(prometheus.CounterOpts{Name: "guildhall_bus_letters_in_total", Help: "Letters heard from other nodes."}),
		Gaps:      prometheus.NewCounter(prometheus.CounterOpts{Name: "guildhall_bus_letters_missed_total", Help: "Letters of other nodes that did not arrive here."}),
	}
	r.MustRegister(c.Connected, c.Nodes, c.Out, c.In, c.Gaps)
	return c
}
