package realtime_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"guildhall/server/access"
	"guildhall/server/chat"
	"guildhall/server/clock"
	"guildhall/server/config"
	"guildhall/server/ids"
	"guildhall/server/realtime"
	"guildhall/server/testkit"
)

// frame is any frame from the server.
type frame struct {
	Type    string
	Room    ids.ID
	Space   ids.ID
	Seq     int64
	Head    int64
	Reload  bool
	Unread  int
	Heads   map[ids.ID]int64
	Message *chat.Message
	Whole   bool
	People  []realtime.Here

	Connection string
}

// socket is a person's live connection.
type socket struct {
	t  testing.TB
	ws *websocket.Conn
}

func dial(w *testkit.World, who string) *socket {
	w.T.Helper()
	ws, res, err := connect(w, who, w.URL)
	if err != nil {
		w.T.Fatalf("connect as %s: %v (%v)", who, err, res)
	}
	s := &socket{t: w.T, ws: ws}
	w.T.Cleanup(func() { _ = ws.Close() })
	if f := s.next(); f.Type != "hello" {
		w.T.Fatalf("the first frame is %+v", f)
	}
	return s
}

func connect(w *testkit.World, who, origin string) (*websocket.Conn, *http.Response, error) {
	header := http.Header{}
	if origin != "" {
		header.Set("Origin", origin)
	}
	if token := w.As(who).Token; token != "" {
		header.Set("Cookie", "guildhall="+token)
	}
	return websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(w.URL, "http")+"/api/live", header)
}

func (s *socket) send(v any) {
	s.t.Helper()
	if err := s.ws.WriteJSON(v); err != nil {
		s.t.Fatal(err)
	}
}

func (s *socket) next() frame {
	s.t.Helper()
	_ = s.ws.SetReadDeadline(time.Now().Add(20 * time.Second))
	_, data, err := s.ws.ReadMessage()
	if err != nil {
		s.t.Fatalf("wait for a frame: %v", err)
	}
	var f frame
	if err := json.Unmarshal(data, &f); err != nil {
		s.t.Fatalf("%v: %s", err, data)
	}
	return f
}

// until reads frames until one is of this type.
func (s *socket) until(kind string) frame {
	s.t.Helper()
	for {
		if f := s.next(); f.Type == kind {
			return f
		}
	}
}

// silent fails if a frame comes within a short time, and before the answer to
// what is asked then.
func (s *socket) silent() {
	s.t.Helper()
	time.Sleep(300 * time.Millisecond)
	s.send(map[string]any{"type": "anything there?"})
	if f := s.next(); f.Type != "error" {
		s.t.Errorf("there should be no frame, but there is %+v", f)
	}
}

// closed waits for the end and gives its code.
func (s *socket) closed() int {
	s.t.Helper()
	for {
		_ = s.ws.SetReadDeadline(time.Now().Add(20 * time.Second))
		if _, _, err := s.ws.ReadMessage(); err != nil {
			var ce *websocket.CloseError
			if errors.As(err, &ce) {
				return ce.Code
			}
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				s.t.Fatal("the socket stayed open")
			}
			return -1
		}
	}
}

func (s *socket) watch(room ids.ID, after int64) frame {
	s.t.Helper()
	s.send(map[string]any{"type": "subscribe", "room": room, "after": after})
	return s.until("subscribed")
}

func makeRoom(w *testkit.World) ids.ID {
	w.T.Helper()
	var r chat.Room
	w.As("facilitator").Post(testkit.Path("/spaces/%s/rooms", w.Space("cohortA")), map[string]string{"name": "Room"}).Expect(201).JSON(&r)
	return r.ID
}

func say(w *testkit.World, who string, room ids.ID, body string) chat.Message {
	w.T.Helper()
	var m chat.Message
	w.As(who).Post(testkit.Path("/rooms/%s/messages", room), map[string]string{"clientId": ids.NewUUID(), "body": body}).Expect(201).JSON(&m)
	return m
}

// TestNothingReachesAnotherPersonsSocket: sockets come and go by the hundred
// while private messages flow; nobody outside ever gets one. The library's
// pools once made this happen.
func TestNothingReachesAnotherPersonsSocket(t *testing.T) {
	t.Parallel()
	w := testkit.New(t, testkit.Options{Config: func(c *config.Config) { c.LimitSockets = 1000 }})
	room := makeRoom(w)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { // members who vanish in the middle of a delivery
			for {
				select {
				case <-stop:
					return
				default:
				}
				ws, _, err := connect(w, "member", w.URL)
				if err != nil {
					continue
				}
				_ = ws.WriteJSON(map[string]any{"type": "subscribe", "room": room, "after": 0})
				_, _, _ = ws.ReadMessage()
				_ = ws.NetConn().Close()
			}
		})
	}
	leaks := make(chan string, 10)
	for range 4 {
		wg.Go(func() { // outsiders who take the places that became free
			for {
				select {
				case <-stop:
					return
				default:
				}
				ws, _, err := connect(w, "outsider", w.URL)
				if err != nil {
					continue
				}
				_ = ws.WriteJSON(map[string]any{"type": "subscribe", "room": room, "after": 0})
				_ = ws.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
				for {
					_, data, err := ws.ReadMessage()
					if err != nil {
						break
					}
					if strings.Contains(string(data), "secret") {
						select {
						case leaks <- string(data):
						default:
						}
					}
				}
				_ = ws.Close()
			}
		})
	}
	for n := range 150 {
		say(w, "facilitator", room, fmt.Sprintf("secret %d", n))
	}
	close(stop)
	wg.Wait()
	select {
	case leak := <-leaks:
		t.Fatalf("an outsider got %s", leak)
	default:
	}
}

func TestDeliveryInOrderToSeveralBrowsers(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w)
	say(w, "member", room, "before anybody watches")
	var sockets []*socket
	for _, who := range []string{"member", "member", "moderator"} {
		s := dial(w, who)
		if f := s.watch(room, 0); f.Head != 1 || f.Reload {
			t.Fatalf("subscribed: %+v", f)
		}
		sockets = append(sockets, s)
	}
	const senders, each = 8, 25
	var wg sync.WaitGroup
	for n := range senders {
		wg.Go(func() {
			for i := range each {
				say(w, []string{"member", "facilitator"}[n%2], room, fmt.Sprintf("%d/%d", n, i))
			}
		})
	}
	for i, s := range sockets {
		for seq := int64(1); seq <= senders*each+1; seq++ {
			if f := s.until("message"); f.Seq != seq || f.Message == nil || f.Message.Body == "" {
				t.Fatalf("socket %d got %+v, want number %d", i, f, seq)
			}
		}
	}
	wg.Wait()
}

func TestComingBackMissesNothing(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w)
	for n := range 10 {
		say(w, "member", room, fmt.Sprint(n))
	}
	s := dial(w, "moderator")
	if f := s.watch(room, 4); f.Head != 10 {
		t.Fatalf("subscribed: %+v", f)
	}
	for seq := int64(5); seq <= 10; seq++ {
		if f := s.until("message"); f.Seq != seq {
			t.Fatalf("got %d, want %d", f.Seq, seq)
		}
	}
	m := say(w, "member", room, "live")
	if f := s.until("message"); f.Seq != 11 {
		t.Fatalf("got %d, want 11", f.Seq)
	}
	w.As("member").Patch(testkit.Path("/messages/%s", m.ID), map[string]any{"body": "edited", "version": 1}).Expect(200)
	if f := s.until("edited"); f.Seq != 12 || f.Message.Body != "edited" {
		t.Errorf("edited: %+v", f)
	}
	w.As("member").Delete(testkit.Path("/messages/%s", m.ID)).Expect(204)
	if f := s.until("deleted"); f.Seq != 13 || f.Message.Body != "" {
		t.Errorf("deleted: %+v", f)
	}
}

// TestGapIsFilledFromTheDatabase: a number that nobody told, as after a lost
// answer to a commit, is delivered before the next one.
func TestGapIsFilledFromTheDatabase(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w)
	say(w, "member", room, "one")
	s := dial(w, "moderator")
	s.watch(room, 1)
	_, err := w.DB.Exec(`with h as (update room_heads set last_seq = 2 where room_id = $1)
		insert into messages (room_id, seq, author_id, client_id, body, html, created_at) values ($1, 2, $2, gen_random_uuid(), 'untold', '', now())`, room, w.As("member").ID)
	if err != nil {
		t.Fatal(err)
	}
	say(w, "member", room, "three")
	for _, want := range []string{"untold", "three"} {
		if f := s.until("message"); f.Message.Body != want {
			t.Fatalf("got %q, want %q", f.Message.Body, want)
		}
	}
	// Without a next message, the regular look at the heads finds it.
	if _, err := w.DB.Exec(`with h as (update room_heads set last_seq = 4 where room_id = $1)
		insert into messages (room_id, seq, author_id, client_id, body, html, created_at) values ($1, 4, $2, gen_random_uuid(), 'also untold', '', now())`, room, w.As("member").ID); err != nil {
		t.Fatal(err)
	}
	_ = s.ws.SetReadDeadline(time.Now().Add(20 * time.Second))
	_, data, err := s.ws.ReadMessage()
	if err != nil || !strings.Contains(string(data), "also untold") {
		t.Fatalf("got %s, %v", data, err)
	}
}

func TestWhoMayConnectAndWatch(t *testing.T) {
	t.Parallel()
	w := testkit.New(t, testkit.Options{Config: func(c *config.Config) { c.LimitSockets = 2 }})
	room := makeRoom(w)
	for name, c := range map[string]struct {
		who, origin string
		status      int
	}{
		"stranger":       {"stranger", w.URL, 401},
		"foreign origin": {"member", "https://evil.example", 403},
		"null origin":    {"member", "null", 403},
	} {
		if _, res, err := connect(w, c.who, c.origin); err == nil || res == nil || res.StatusCode != c.status {
			t.Errorf("%s: %v %v, want %d", name, res, err, c.status)
		}
	}
	w.As("member").Get("/api/live").Expect(426)
	out := dial(w, "outsider")
	out.send(map[string]any{"type": "subscribe", "room": room, "after": 0})
	if f := out.next(); f.Type != "refused" || f.Room != room {
		t.Errorf("an outsider's subscription: %+v", f)
	}
	out.send(map[string]any{"type": "subscribe", "room": "999999"})
	if f := out.next(); f.Type != "refused" {
		t.Errorf("a room that never was: %+v", f)
	}
	out.send(map[string]any{"type": "subscribe", "space": w.Space("cohortA")})
	if f := out.next(); f.Type != "refused" {
		t.Errorf("a foreign space: %+v", f)
	}
	out.send(map[string]any{"type": "typing", "room": room})
	say(w, "member", room, "secret")
	out.silent()
	dial(w, "outsider")
	if _, res, err := connect(w, "outsider", w.URL); err == nil || res.StatusCode != 429 {
		t.Errorf("a third socket of two: %v", res)
	}
	_ = out.ws.Close()
	testkit.Eventually(t, "a place to become free", func() bool {
		ws, _, err := connect(w, "outsider", w.URL)
		if err != nil {
			return false
		}
		return ws.Close() == nil
	})
}

func TestHostileFrames(t *testing.T) {
	t.Parallel()
	w := testkit.New(t, testkit.Options{Config: func(c *config.Config) { c.LimitSockets = 100 }})
	for name, c := range map[string]struct {
		kind int
		data string
		code int // 0: an error frame, and the socket lives
	}{
		"not JSON":     {websocket.TextMessage, "{", 0},
		"no type":      {websocket.TextMessage, "{}", 0},
		"an array":     {websocket.TextMessage, "[]", 0},
		"null":         {websocket.TextMessage, "null", 0},
		"bad id":       {websocket.TextMessage, `{"type":"subscribe","room":"-1"}`, 0},
		"number id":    {websocket.TextMessage, `{"type":"subscribe","room":1}`, 0},
		"unknown type": {websocket.TextMessage, `{"type":"shutdown"}`, 0},
		"deep":         {websocket.TextMessage, strings.Repeat("[", 9000), 0},
		"binary":       {websocket.BinaryMessage, "{}", 1003},
		"not UTF-8":    {websocket.TextMessage, "\xff\xfe", 1007},
		"too large":    {websocket.TextMessage, strings.Repeat("x", 16<<10+1), 1009},
	} {
		s := dial(w, "member")
		if err := s.ws.WriteMessage(c.kind, []byte(c.data)); err != nil {
			t.Fatal(err)
		}
		if c.code == 0 {
			if f := s.next(); f.Type != "error" {
				t.Errorf("%s: %+v", name, f)
			}
		} else if code := s.closed(); code != c.code {
			t.Errorf("%s: closed with %d, want %d", name, code, c.code)
		}
	}
	s := dial(testkit.New(t, testkit.Options{Clock: clock.NewFake(clock.System())}), "member")
	for range 600 {
		if s.ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"pong"}`)) != nil {
			break
		}
	}
	if code := s.closed(); code != 1008 && code != -1 {
		t.Errorf("a flood: closed with %d", code)
	}
	w.As("member").Get("/api/me").Expect(200)
}

func TestReadMarksReachOtherDevices(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w)
	say(w, "facilitator", room, "one")
	phone := dial(w, "member")
	w.As("member").Put(testkit.Path("/rooms/%s/read", room), map[string]any{"seq": 1}).Expect(200)
	if f := phone.until("read"); f.Room != room || f.Unread != 0 {
		t.Errorf("read: %+v", f)
	}
}

func TestNewRoleReachesTheSocket(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	guest := w.AddPerson("guest", access.SiteMember, nil)
	room := makeRoom(w)
	s := dial(w, "guest")
	s.send(map[string]any{"type": "subscribe", "room": room})
	s.until("refused")
	w.As("moderator").Post(testkit.Path("/spaces/%s/members", w.Space("cohortA")), map[string]any{"email": guest.Email}).Expect(201)
	s.until("access")
	s.watch(room, 0)
}
