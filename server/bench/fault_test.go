package bench_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"guildhall/server/bench"
)

// broken is a server that answers like ours and treats every tenth message
// wrongly on the way to the first socket.
type broken struct {
	fault string
	mu    sync.Mutex
	seq   int
	socks []*websocket.Conn
	kept  []byte
}

func (b *broken) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "POST /api/demo/sign-in":
		http.SetCookie(w, &http.Cookie{Name: "guildhall", Value: "somebody"})
	case "GET /api/spaces":
		io.WriteString(w, `{"items":[{"id":"1","name":"Cohort"},{"id":"2","name":"Load hall"}]}`)
	case "GET /api/spaces/2/rooms":
		io.WriteString(w, `{"items":[{"id":"7","name":"Measuring"}]}`)
	case "GET /api/rooms/7":
		io.WriteString(w, `{"id":"7","head":0}`)
	case "GET /api/live":
		b.live(w, r)
	case "POST /api/rooms/7/messages":
		b.post(w, r)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (b *broken) live(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	var subscribe struct{ Room string }
	if ws.ReadJSON(&subscribe) != nil || subscribe.Room != "7" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.socks = append(b.socks, ws)
	ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"subscribed","room":"7","head":0}`))
}

func (b *broken) post(w http.ResponseWriter, r *http.Request) {
	var in struct{ Body string }
	json.NewDecoder(r.Body).Decode(&in)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seq++
	frame := fmt.Appendf(nil, `{"type":"message","room":"7","seq":%d,"message":{"body":%q,"seq":%d}}`, b.seq, in.Body, b.seq)
	bad := b.seq%10 == 0
	if bad && b.fault == "refuse" {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	for i, ws := range b.socks {
		switch first := i == 0; {
		case first && bad && b.fault == "lose":
		case first && bad && b.fault == "double":
			ws.WriteMessage(websocket.TextMessage, frame)
			ws.WriteMessage(websocket.TextMessage, frame)
		case first && bad && b.fault == "swap":
			b.kept = frame
		case first && bad && b.fault == "renumber":
			ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"type":"message","seq":%d,"message":{"body":%q}}`, b.seq+1000, in.Body))
		case first && b.fault == "cut" && b.seq == 20:
			ws.Close()
		default:
			ws.WriteMessage(websocket.TextMessage, frame)
		}
		if i == 0 && !bad && b.kept != nil {
			ws.WriteMessage(websocket.TextMessage, b.kept)
			b.kept = nil
		}
	}
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"seq":%d}`, b.seq)
}

// TestFaultsAreCaught: 39 messages, three of them treated wrongly on the way
// to one of three sockets.
func TestFaultsAreCaught(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]bench.ChatReport{
		"none":     {Acknowledged: 39, Deliveries: 117},
		"lose":     {Acknowledged: 39, Deliveries: 114, Lost: 3},
		"double":   {Acknowledged: 39, Deliveries: 117, Doubled: 3},
		"swap":     {Acknowledged: 39, Deliveries: 117, OutOfOrder: 3},
		"cut":      {Acknowledged: 39, Deliveries: 97, Lost: 20, Closed: 1},
		"refuse":   {Acknowledged: 36, Deliveries: 108, Refused: 3},
		"renumber": {},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(&broken{fault: fault})
			defer server.Close()
			o := bench.ChatOptions{Members: 3, Senders: 3, Rate: 100, Duration: 395 * time.Millisecond}
			r, err := bench.Chat(t.Context(), client(t, server.URL), o, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			if fault == "renumber" {
				if r.OutOfOrder < 3 || r.Faults() == nil {
					t.Errorf("%+v", r)
				}
				return
			}
			got := bench.ChatReport{
				Acknowledged: r.Acknowledged, Refused: r.Refused, Deliveries: r.Deliveries,
				Lost: r.Lost, Doubled: r.Doubled, OutOfOrder: r.OutOfOrder, Closed: r.Closed,
			}
			if got != want || (r.Faults() == nil) != (want.Lost+want.Doubled+want.OutOfOrder == 0) {
				t.Errorf("got %+v, want %+v; %v", got, want, r.Faults())
			}
		})
	}
}
