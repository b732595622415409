package realtime_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"guildhall/server/ids"
	"guildhall/server/testkit"
)

// transports are the ways in which frames reach a client; all keep the same
// promises.
var transports = []string{"socket", "stream", "poll"}

// overEach runs a test over each transport.
func overEach(t *testing.T, f func(t *testing.T, kind string)) {
	t.Parallel()
	for _, kind := range transports {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			f(t, kind)
		})
	}
}

// peer is a person's live connection over any transport. It reads no further
// than the test does.
type peer struct {
	t      testing.TB
	base   string
	token  string
	frames chan []byte
	end    chan int // the code with which it ended, -1 without one
	id     string   // of a connection that is no socket
	ws     *websocket.Conn
	leave  context.CancelFunc
}

// refused is an answer other than a live connection.
type refused struct{ status int }

func (r refused) Error() string { return fmt.Sprint("refused with ", r.status) }

// join connects over a transport; base is the server's address or a proxy's.
func join(w *testkit.World, kind, who, base string) (*peer, error) {
	w.T.Helper()
	ctx, leave := context.WithCancel(context.Background())
	p := &peer{t: w.T, base: base, token: w.As(who).Token, frames: make(chan []byte), end: make(chan int, 1), leave: leave}
	w.T.Cleanup(leave)
	var err error
	switch kind {
	case "socket":
		err = p.openSocket(ctx)
	case "stream":
		err = p.openStream(ctx)
	case "poll":
		err = p.openPoll(ctx)
	}
	if err != nil {
		leave()
		return nil, err
	}
	f := p.next()
	if f.Type != "hello" || (kind == "socket") != (f.Connection == "") {
		w.T.Fatalf("the first frame is %+v", f)
	}
	p.id = f.Connection
	return p, nil
}

func mustJoin(w *testkit.World, kind, who string) *peer {
	w.T.Helper()
	p, err := join(w, kind, who, w.URL)
	if err != nil {
		w.T.Fatalf("%s as %s: %v", kind, who, err)
	}
	return p
}

func (p *peer) header() http.Header {
	return http.Header{"Origin": {p.base}, "Cookie": {"guildhall=" + p.token}}
}

// give hands a frame to the test, or gives no when the test has left.
func (p *peer) give(ctx context.Context, data []byte) bool {
	select {
	case p.frames <- data:
		return true
	case <-ctx.Done():
		return false
	}
}

func (p *peer) openSocket(ctx context.Context) error {
	ws, res, err := websocket.DefaultDialer.DialContext(ctx, "ws"+strings.TrimPrefix(p.base, "http")+"/api/live", p.header())
	if err != nil {
		if res != nil {
			return refused{res.StatusCode}
		}
		return err
	}
	p.ws = ws
	context.AfterFunc(ctx, func() { _ = ws.Close() })
	go func() {
		for {
			_, data, err := ws.ReadMessage()
			if err != nil {
				var ce *websocket.CloseError
				if errors.As(err, &ce) && ce.Code != websocket.CloseAbnormalClosure {
					p.end <- ce.Code
				} else {
					p.end <- -1
				}
				return
			}
			if !p.give(ctx, data) {
				return
			}
		}
	}()
	return nil
}

func (p *peer) ask(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, p.base+path, body)
	if err != nil {
		return nil, err
	}
	r.Header = p.header()
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err == nil && res.StatusCode >= 300 {
		_ = res.Body.Close()
		return nil, refused{res.StatusCode}
	}
	return res, err
}

// endsWith notes the code of a last frame.
func (p *peer) endsWith(data []byte) bool {
	var bye struct {
		Type string
		Code int
	}
	if json.Unmarshal(data, &bye) != nil || bye.Type != "bye" {
		return false
	}
	p.end <- bye.Code
	return true
}

func (p *peer) openStream(ctx context.Context) error {
	res, err := p.ask(ctx, "GET", "/api/live/stream", nil)
	if err != nil {
		return err
	}
	if kind := res.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/event-stream") || res.Header.Get("X-Accel-Buffering") != "no" || res.Header.Get("X-Request-Id") == "" {
		p.t.Errorf("the stream's head is %v", res.Header)
	}
	go func() {
		defer res.Body.Close() // it was read
		lines := bufio.NewReader(res.Body)
		for {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				p.end <- -1
				return
			}
			data, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("data: "))
			if ok && (p.endsWith(data) || !p.give(ctx, data)) {
				return
			}
		}
	}()
	return nil
}

type batch struct {
	Number int64
	Frames []json.RawMessage
}

func (p *peer) poll(ctx context.Context, connection string, ack int64) (b batch, err error) {
	res, err := p.ask(ctx, "GET", fmt.Sprintf("/api/live/poll?connection=%s&ack=%d", connection, ack), nil)
	if err != nil {
		return b, err
	}
	defer res.Body.Close() // it was read
	return b, json.NewDecoder(res.Body).Decode(&b)
}

func (p *peer) openPoll(ctx context.Context) error {
	b, err := p.poll(ctx, "", 0)
	if err != nil {
		return err
	}
	var hello frame
	if err := json.Unmarshal(b.Frames[0], &hello); err != nil {
		return err
	}
	go func() {
		for failed := 0; failed < 20; {
			for _, data := range b.Frames {
				if p.endsWith(data) || !p.give(ctx, data) {
					return
				}
			}
			next, err := p.poll(ctx, hello.Connection, b.Number)
			switch {
			case errors.As(err, &refused{}):
				failed = 20
			case ctx.Err() != nil:
				return
			case err == nil:
				b, failed = next, 0
			default: // the answer is lost: ask for it again
				b.Frames = nil
				failed++
				time.Sleep(20 * time.Millisecond)
			}
		}
		p.end <- -1
	}()
	return nil
}

// say sends frames and gives the status of the answer, 204 for a socket.
func (p *peer) say(frames ...any) int {
	p.t.Helper()
	if p.ws != nil {
		for _, f := range frames {
			if err := p.ws.WriteJSON(f); err != nil {
				return 0
			}
		}
		return 204
	}
	body, err := json.Marshal(map[string]any{"frames": frames})
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := p.ask(context.Background(), "POST", "/api/live/"+p.id+"/frames", bytes.NewReader(body))
	var no refused
	switch {
	case errors.As(err, &no):
		return no.status
	case err != nil:
		p.t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

func (p *peer) next() frame {
	p.t.Helper()
	select {
	case data := <-p.frames:
		var f frame
		if err := json.Unmarshal(data, &f); err != nil {
			p.t.Fatalf("%v: %s", err, data)
		}
		return f
	case code := <-p.end:
		p.t.Fatalf("ended with %d", code)
	case <-time.After(20 * time.Second):
		p.t.Fatal("no frame came")
	}
	return frame{}
}

func (p *peer) until(kind string) frame {
	p.t.Helper()
	for {
		if f := p.next(); f.Type == kind {
			return f
		}
	}
}

func (p *peer) silent() {
	p.t.Helper()
	select {
	case data := <-p.frames:
		p.t.Errorf("there should be no frame, but there is %s", data)
	case <-time.After(300 * time.Millisecond):
	}
}

// closed waits for the end and gives its code.
func (p *peer) closed() int {
	p.t.Helper()
	for late := time.After(20 * time.Second); ; {
		select {
		case <-p.frames:
		case code := <-p.end:
			return code
		case <-late:
			p.t.Fatal("the connection stayed open")
		}
	}
}

func (p *peer) watch(room ids.ID, after int64) frame {
	p.t.Helper()
	if status := p.say(map[string]any{"type": "subscribe", "room": room, "after": after}); status != 204 {
		p.t.Fatalf("subscribe: %d", status)
	}
	return p.until("subscribed")
}

// messages fails unless the numbers come next, each once and in order.
func (p *peer) messages(from, to int64) {
	p.t.Helper()
	for seq := from; seq <= to; seq++ {
		if f := p.until("message"); f.Seq != seq {
			p.t.Fatalf("got %d, want %d", f.Seq, seq)
		}
	}
}

// rest reads messages to the end of the connection, fails if one is missing,
// and gives the last number.
func (p *peer) rest() (last int64) {
	p.t.Helper()
	for late := time.After(20 * time.Second); ; {
		select {
		case <-p.end:
			return last
		case data := <-p.frames:
			var f frame
			if decode(p.t, data, &f); f.Type != "message" {
				continue
			}
			if f.Seq != last+1 {
				p.t.Fatalf("missed a frame in silence: %d after %d", f.Seq, last)
			}
			last = f.Seq
		case <-late:
			p.t.Fatal("the connection stayed open")
		}
	}
}

// together runs one function for each transport at the same time.
func together(f func(kind string)) {
	var all sync.WaitGroup
	for _, kind := range transports {
		all.Go(func() { f(kind) })
	}
	all.Wait()
}

func decode(t testing.TB, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
}

// sendAs makes a request with these headers and gives the status.
func sendAs(w *testkit.World, method, path string, header http.Header) int {
	w.T.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, w.URL+path, nil)
	if err != nil {
		w.T.Fatal(err)
	}
	r.Header = header
	return w.Do(r).Status
}
