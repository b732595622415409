package realtime_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"guildhall/server/testkit"
)

// behind puts a proxy between a client and the world.
func behind(w *testkit.World, change func(*httputil.ReverseProxy), before func(http.ResponseWriter, *http.Request) bool) string {
	w.T.Helper()
	to, err := url.Parse(w.URL)
	if err != nil {
		w.T.Fatal(err)
	}
	p := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Header.Set("Origin", w.URL)
		},
		ErrorHandler: func(out http.ResponseWriter, _ *http.Request, _ error) { out.WriteHeader(http.StatusBadGateway) },
	}
	change(p)
	s := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if before == nil || before(out, r) {
			p.ServeHTTP(out, r)
		}
	}))
	w.T.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s.URL
}

// TestNoUpgrade: a proxy that refuses to upgrade, or eats the header that asks
// for it, leaves the other two as they are.
func TestNoUpgrade(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w)
	refuses := behind(w, func(*httputil.ReverseProxy) {}, func(out http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Upgrade") != "" {
			out.WriteHeader(http.StatusForbidden)
			return false
		}
		return true
	})
	eats := behind(w, func(*httputil.ReverseProxy) {}, func(_ http.ResponseWriter, r *http.Request) bool {
		r.Header.Del("Upgrade")
		r.Header.Del("Connection")
		return true
	})
	head := int64(0)
	for base, status := range map[string]int{refuses: 403, eats: 426} {
		var no refused
		if _, err := join(w, "socket", "member", base); !errors.As(err, &no) || no.status != status {
			t.Errorf("a WebSocket: %v, want %d", err, status)
		}
		for _, kind := range []string{"stream", "poll"} {
			p, err := join(w, kind, "member", base)
			if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			p.watch(room, head)
			talk(w, room, "hello", 20)
			p.messages(head+1, head+20)
			head += 20
			p.leave()
		}
	}
}

// TestBuffered: a proxy that holds answers back until they end gives nothing
// of a stream, and all of a poll.
func TestBuffered(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w)
	base := behind(w, func(p *httputil.ReverseProxy) {
		p.ModifyResponse = func(r *http.Response) error {
			data, err := io.ReadAll(r.Body)
			r.Body = io.NopCloser(strings.NewReader(string(data)))
			return err
		}
	}, nil)
	client := http.Client{Timeout: 2 * time.Second}
	r, err := http.NewRequest("GET", base+"/api/live/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", "guildhall="+w.As("member").Token)
	if res, err := client.Do(r); err == nil {
		_ = res.Body.Close()
		t.Fatal("the stream came through: the proxy proves nothing")
	}
	p, err := join(w, "poll", "member", base)
	if err != nil {
		t.Fatal(err)
	}
	p.watch(room, 0)
	go talk(w, room, "hello", 100)
	p.messages(1, 100)
}

// TestOldProxy: one that speaks HTTP/1.0 to us, as nginx does unless told
// otherwise, gets a stream that it understands.
func TestOldProxy(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	c, err := net.Dial("tcp", strings.TrimPrefix(w.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, "GET /api/live/stream HTTP/1.0\r\nHost: x\r\nConnection: close\r\nCookie: guildhall="+w.As("member").Token+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(c)
	res, err := http.ReadResponse(in, nil)
	if err != nil || res.StatusCode != 200 || !res.Close || len(res.TransferEncoding) > 0 || res.ContentLength != -1 {
		t.Fatalf("the head: %+v, %v", res, err)
	}
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), `data: {"type":"hello"`) {
			return
		}
	}
	t.Error("no hello came")
}

// impatient is a proxy that cuts connections on which nothing comes from the
// server for a while.
func impatient(w *testkit.World, idle time.Duration) string {
	w.T.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.T.Fatal(err)
	}
	w.T.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", strings.TrimPrefix(w.URL, "http://"))
			if err != nil {
				_ = in.Close()
				continue
			}
			go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
			go func() {
				defer in.Close()  // both ends, whichever ended
				defer out.Close() // the same
				part := make([]byte, 4096)
				for {
					_ = out.SetReadDeadline(time.Now().Add(idle))
					n, err := out.Read(part)
					if _, sent := in.Write(part[:n]); sent != nil || err != nil {
						return
					}
				}
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// TestImpatientProxy: who is cut off for silence again and again, and comes
// back with the last number, still gets each message once and in order. Its
// four seconds stand for a minute.
func TestImpatientProxy(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w)
	const all = 30
	base := impatient(w, 4*time.Second)
	var talking sync.WaitGroup
	talking.Go(func() {
		for n := range all {
			say(w, "facilitator", room, "hello")
			if n%10 == 9 {
				time.Sleep(5 * time.Second) // long enough to be cut off
			}
		}
	})
	together(func(kind string) {
		cuts := 0
		for last := int64(0); last < all; cuts++ {
			p, err := join(w, kind, "member", base)
			if err != nil {
				continue
			}
			p.watch(room, last)
			for open := true; open && last < all; {
				select {
				case <-p.end:
					open = false
				case data := <-p.frames:
					var f frame
					if decode(t, data, &f); f.Type != "message" {
						continue
					}
					if last++; f.Seq != last {
						t.Errorf("%s: got %d, want %d", kind, f.Seq, last)
						return
					}
				case <-time.After(20 * time.Second):
					t.Errorf("%s: nothing comes after %d", kind, last)
					return
				}
			}
			p.leave()
		}
		if kind != "poll" && cuts < 2 { // a poll that is cut is asked again
			t.Errorf("%s: %d cuts prove nothing", kind, cuts)
		}
	})
	talking.Wait()
}
