package soak_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"

	"guildhall/server"
	"guildhall/server/access"
	"guildhall/server/config"
	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/pgrun"
	"guildhall/server/testkit"
)

// The test program is also a node: with this variable set it serves, as its
// arguments say, until it is told to stop or its input ends.
const nodeVariable = "GUILDHALL_TEST_NODE"

func TestMain(m *testing.M) {
	if os.Getenv(nodeVariable) == "" {
		os.Exit(m.Run())
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	c, err := config.Load("serve", os.Args[1:], config.Environ, os.Stdout)
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, db.Options{DSN: c.DatabaseURL, Pool: c.DBPool})
	if err != nil {
		return err
	}
	s, err := server.New(ctx, c, server.Deps{DB: d})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return err
	}
	if err := s.Start(ctx); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1) // nobody is left to serve for
	}()
	go func() { <-ctx.Done(); _ = s.Close() }()
	fmt.Println("ready")
	return s.Listen(l)
}

// database is a PostgreSQL of the test's own, which can be killed.
type database struct {
	*db.DB
	run *pgrun.Server
}

func startDatabase(t *testing.T) *database {
	t.Helper()
	d, run := testkit.PrivateDB(t)
	return &database{d, run}
}

// person is somebody with a session.
type person struct {
	id    ids.ID
	name  string
	email string
	token string
}

// addPerson makes an account with a session in a space.
func (d *database) addPerson(t *testing.T, space ids.ID, role access.Role, name string) *person {
	t.Helper()
	p := &person{name: name, token: ids.Token(32)}
	p.email = strings.ToLower(ids.Token(9)) + "@council.example"
	const query = `with account as (insert into accounts (name, site_role) values ($1, 'member') returning id),
		email as (insert into account_emails (account_id, email, primary_since) select id, $2, now() from account),
		session as (insert into sessions (account_id, token_hash, created_at, last_seen_at, expires_at)
			select id, sha256($3::text::bytea), now(), now(), now() + interval '1 day' from account),
		member as (insert into memberships (space_id, account_id, role, joined_at) select $4, id, $5, now() from account)
		select id from account`
	if err := d.Get(&p.id, query, name, p.email, p.token, space, role); err != nil {
		t.Fatal(err)
	}
	return p
}

// node is a server in a process of its own, with a line to NATS that can be
// cut.
type node struct {
	t    *testing.T
	url  string
	args []string
	env  []string
	line *testkit.Relay // nil where the node is alone

	mu    sync.Mutex
	cmd   *exec.Cmd
	wrote bytes.Buffer // what it says on standard error, over all its lives
}

func newNode(t *testing.T, d *database, nats string) *node {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close()
	n := &node{
		t: t, url: "http://" + address,
		args: []string{"--listen", address, "--data", t.TempDir(), "--limit-messages", "1000000", "--limit-sockets", "1000", "--db-pool", "8", "--log-level", "error"},
		env:  append(os.Environ(), nodeVariable+"=yes", "DATABASE_URL="+d.run.DSN()),
	}
	if nats != "" {
		n.line = testkit.NewRelay(t, nats)
		n.env = append(n.env, "NATS_URL=nats://"+n.line.Address())
	}
	n.start()
	t.Cleanup(func() { n.end(syscall.SIGKILL) })
	return n
}

// Write keeps what the node says.
func (n *node) Write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.wrote.Write(b)
}

func (n *node) said() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.wrote.String()
}

// patience is how long anything may take to come back, on however busy a
// machine.
const patience = 2 * time.Minute

// start starts the node, again and again until it is ready: PostgreSQL may be
// on its way back.
func (n *node) start() {
	n.t.Helper()
	for until := time.Now().Add(patience); time.Now().Before(until); {
		cmd := exec.Command(os.Args[0], n.args...)
		cmd.Env, cmd.Stderr = n.env, n
		if _, err := cmd.StdinPipe(); err != nil {
			n.t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			n.t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			n.t.Fatal(err)
		}
		n.cmd = cmd
		if line, _ := bufio.NewReader(out).ReadString('\n'); line == "ready\n" {
			return
		}
		_ = cmd.Wait()
		time.Sleep(200 * time.Millisecond)
	}
	n.t.Errorf("a node does not start: %s", n.said())
}

// connected waits until the node's line to NATS is up: a mark of how far
// somebody has read has no number, and is told once.
func (n *node) connected() {
	n.t.Helper()
	const want = "\nguildhall_bus_connected 1\n"
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		res, err := web.Get(n.url + "/metrics")
		if err != nil {
			continue
		}
		text, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err == nil && strings.Contains(string(text), want) {
			return
		}
	}
	n.t.Errorf("a node is not connected: %s", n.said())
}

// end kills the node or tells it to stop, and waits until it is gone.
func (n *node) end(how syscall.Signal) {
	_ = n.cmd.Process.Signal(how)
	_ = n.cmd.Wait()
}

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

var web = &http.Client{Timeout: 8 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// ask makes a request of a node. No answer at all is an error.
func (p *person) ask(ctx context.Context, n *node, method, path string, body any) (status int, answer []byte, err error) {
	var in io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		in = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(ctx, method, n.url+"/api"+path, in)
	if err != nil {
		return 0, nil, err
	}
	r.Header = p.header(n)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := web.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

func (p *person) header(n *node) http.Header {
	return http.Header{"Origin": {n.url}, "Cookie": {"guildhall=" + p.token}}
}
