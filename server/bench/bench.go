// Package bench measures a running server from outside. It is a client like
// any other: it signs in, sends its Origin, and knows nothing of the inside.
package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"
)

// Client speaks to one server.
type Client struct {
	base    string
	http    *http.Client
	session string // of GUILDHALL_SESSION: everybody is this one person
}

// NewClient makes a client of the server at an address such as
// http://127.0.0.1:8080. An address that is not on this machine is refused
// unless remote says so: load can do harm. connections is how many requests
// may be under way at once without opening a new connection for each.
func NewClient(address string, remote bool, connections int) (*Client, error) {
	u, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.Path != "" {
		return nil, fmt.Errorf("--url must be http:// or https:// and a host, not %q", address)
	}
	if !remote && !loopback(u.Hostname()) {
		return nil, fmt.Errorf("%s is not this machine: say --remote if it is yours to load", u.Host)
	}
	return &Client{base: u.String(), session: os.Getenv("GUILDHALL_SESSION"), http: &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxIdleConns: connections, IdleConnTimeout: time.Minute},
	}}, nil
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// Person is somebody who is signed in.
type Person struct {
	client *Client
	cookie *http.Cookie
}

// SignIn signs in as one of the demonstration's people, or as load-N. With
// GUILDHALL_SESSION set it signs nobody in and everybody has that session.
func (c *Client) SignIn(ctx context.Context, as string) (*Person, error) {
	if c.session != "" {
		name := "guildhall"
		if strings.HasPrefix(c.base, "https://") {
			name = "__Host-guildhall"
		}
		return &Person{c, &http.Cookie{Name: name, Value: c.session}}, nil
	}
	a, err := (&Person{client: c}).do(ctx, http.MethodPost, "/api/demo/sign-in", map[string]string{"as": as})
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK || len(a.cookies) == 0 {
		return nil, fmt.Errorf("sign in as %s: the server answered %d; if it is no demonstration, set GUILDHALL_SESSION to a session's token", as, a.status)
	}
	return &Person{c, a.cookies[0]}, nil
}

// Get reads JSON from a path such as /api/spaces.
func (p *Person) Get(ctx context.Context, path string, into any) error {
	a, err := p.do(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		return fmt.Errorf("GET %s: the server answered %d", path, a.status)
	}
	if err := json.Unmarshal(a.body, into); err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	return nil
}

type answer struct {
	status  int
	cookies []*http.Cookie
	body    []byte
}

// do makes a request and reads the whole answer, at most 16 MiB of it.
func (p *Person) do(ctx context.Context, method, path string, body any) (answer, error) {
	var content io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		content = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(ctx, method, p.client.base+path, content)
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Origin", p.client.base)
	if p.cookie != nil {
		r.AddCookie(p.cookie)
	}
	res, err := p.client.http.Do(r)
	if err != nil {
		return answer{}, reach(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, 16<<20))
	return answer{res.StatusCode, res.Cookies(), data}, err
}

// reach says in plain words that nobody listens.
func reach(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return fmt.Errorf("no server answers at %s: start one with guildhall serve --demo", op.Addr)
	}
	return err
}

// cost is what the server has used so far, as it says itself in /metrics.
type cost struct {
	rss, cpu float64
	known    bool
}

// cost reads /metrics, which answers this machine, and elsewhere whoever has
// GUILDHALL_METRICS_TOKEN. Without either it is not known.
func (c *Client) cost(ctx context.Context) cost {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/metrics", nil)
	if err != nil {
		return cost{}
	}
	if token := os.Getenv("GUILDHALL_METRICS_TOKEN"); token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := c.http.Do(r)
	if err != nil {
		return cost{}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err != nil || res.StatusCode != http.StatusOK {
		return cost{}
	}
	var out cost
	for line := range strings.Lines(string(text)) {
		for name, into := range map[string]*float64{"process_resident_memory_bytes": &out.rss, "process_cpu_seconds_total": &out.cpu} {
			if value, ok := strings.CutPrefix(line, name+" "); ok {
				_, err := fmt.Sscan(value, into)
				out.known = err == nil
			}
		}
	}
	return out
}
