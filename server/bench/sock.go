package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasthttp/websocket"
)

// sock is one member's live connection and what came down it.
type sock struct {
	ws      *websocket.Conn
	leaving atomic.Bool
	ended   atomic.Bool
	got     atomic.Int64 // different messages received

	// The reader's own until it has ended.
	seen       []uint64 // one bit for each message
	took       []uint32
	seq        int64
	last       time.Duration
	doubled    int
	outOfOrder int
	broke      bool
}

// connect opens all sockets, a few at a time, each subscribed to the room.
func (r *run) connect(ctx context.Context, report *ChatReport) error {
	dialer := &websocket.Dialer{HandshakeTimeout: 30 * time.Second, ReadBufferSize: 4096, WriteBufferSize: 256, WriteBufferPool: &sync.Pool{}}
	took := make([]uint32, r.o.Members)
	start := time.Now() //nolint:forbidigo // it measures real time
	err := inParallel(r.o.Members, 32, func(i int) (err error) {
		began := time.Now() //nolint:forbidigo // it measures real time
		r.socks[i], err = r.dial(ctx, dialer, r.people[i])
		took[i] = micros(time.Since(began))
		if err != nil {
			return fmt.Errorf("socket %d: %w", i+1, err)
		}
		return nil
	})
	report.ConnectSeconds = time.Since(start).Seconds()
	report.Connect = summary(took)
	return err
}

// dial connects one socket and returns when the server says it is subscribed.
func (r *run) dial(ctx context.Context, dialer *websocket.Dialer, p *Person) (*sock, error) {
	header := http.Header{"Origin": {r.client.base}, "Cookie": {p.cookie.Name + "=" + p.cookie.Value}}
	ws, res, err := dialer.DialContext(ctx, "ws"+strings.TrimPrefix(r.client.base, "http")+"/api/live", header) //nolint:bodyclose // the dialer has read it
	if err != nil {
		if res != nil {
			return nil, fmt.Errorf("the server answered %s", res.Status)
		}
		return nil, reach(err)
	}
	s := &sock{ws: ws, seq: r.head, seen: make([]uint64, (r.o.messages()+63)/64), took: make([]uint32, 0, r.o.messages())}
	if err := s.subscribe(r.room, r.head); err != nil {
		s.hangUp()
		return nil, err
	}
	return s, nil
}

// subscribe asks for the room and waits for the answer.
func (s *sock) subscribe(room string, head int64) error {
	if err := s.ws.WriteJSON(map[string]any{"type": "subscribe", "room": room, "after": head}); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	if err := s.ws.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil { //nolint:forbidigo // a network deadline
		return err
	}
	for {
		var f struct{ Type string }
		switch err := s.ws.ReadJSON(&f); {
		case err != nil:
			return fmt.Errorf("subscribe: %w", err)
		case f.Type == "subscribed":
			return s.ws.SetReadDeadline(time.Time{})
		case f.Type == "refused":
			return fmt.Errorf("the server refused the room %s", room)
		}
	}
}

// hangUp ends the socket; its reader then ends.
func (s *sock) hangUp() {
	s.leaving.Store(true)
	_ = s.ws.Close() // nothing is left to say
}

// read counts frames until the socket ends.
func (s *sock) read(r *run) {
	defer s.ended.Store(true)
	var frame bytes.Buffer
	for {
		_, in, err := s.ws.NextReader()
		if err == nil {
			frame.Reset()
			_, err = io.Copy(&frame, in)
		}
		if err != nil {
			s.broke = !s.leaving.Load()
			return
		}
		s.take(r, frame.Bytes(), time.Since(r.began))
	}
}

var (
	seqField  = []byte(`"seq":`)
	heartbeat = []byte(`"type":"heartbeat"`)
)

// take looks at one frame. It searches for the two things it needs instead of
// decoding all of it: the client shares the machine with what it measures. In
// the frame of a new message, the number of the change is the message's own.
func (s *sock) take(r *run, frame []byte, at time.Duration) {
	i := bytes.Index(frame, []byte(r.mark))
	if i < 0 {
		if bytes.Contains(frame, heartbeat) {
			_ = s.ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"pong"}`)) // reading will tell
		}
		return
	}
	n, rest := number(frame[i+len(r.mark):])
	due, _ := number(bytes.TrimPrefix(rest, []byte(" ")))
	var seq int64
	if j := bytes.Index(frame, seqField); j >= 0 {
		seq, _ = number(frame[j+len(seqField):])
	}
	if n < 0 || n >= int64(len(r.seqs)) || seq <= 0 {
		return
	}
	if s.has(int(n)) {
		s.doubled++
		return
	}
	s.seen[n/64] |= 1 << (n % 64)
	if seq <= s.seq || !r.numbered(int(n), seq) {
		s.outOfOrder++
	}
	s.seq = max(s.seq, seq)
	s.took = append(s.took, micros(at-time.Duration(due)*time.Microsecond))
	s.last = at
	s.got.Add(1)
}

// has says whether the socket has received a message.
func (s *sock) has(n int) bool { return s.seen[n/64]&(1<<(n%64)) != 0 }

// number reads decimal digits, -1 when there are none, and gives what follows.
func number(text []byte) (int64, []byte) {
	end := 0
	for end < len(text) && end < 18 && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	var n int64
	if end == 0 || json.Unmarshal(text[:end], &n) != nil {
		return -1, text
	}
	return n, text[end:]
}
