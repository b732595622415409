package realtime

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"guildhall/server/access"
	"guildhall/server/clock"
	"guildhall/server/config"
	"guildhall/server/ids"
)

// tape is a transport that keeps what is written.
type tape struct{ bytes.Buffer }

func (t *tape) within(time.Duration)     {}
func (t *tape) write(batch []byte) error { t.Write(batch); return nil }
func (t *tape) heard()                   {}
func (t *tape) stop(time.Duration)       {}
func (t *tape) bye(int, string)          {}

// incoming are frames to begin with: each that there is, and odd ones.
var incoming = []string{
	`{"type":"subscribe","room":"1"}`, `{"type":"subscribe","room":"1","after":1}`, `{"type":"subscribe","room":"1","after":9223372036854775807}`,
	`{"type":"subscribe","space":"1"}`, `{"type":"unsubscribe","room":"1"}`, `{"type":"unsubscribe","space":"1"}`, `{"type":"typing","room":"1"}`,
	`{"type":"presence","away":true}`, `{"type":"pong"}`, `{"type":"subscribe","room":"2"}`, `{"type":"subscribe","room":1}`, `{"type":"subscribe","after":-1}`,
	`null`, `[]`, `""`, `{`, `{"type":"subscribe","room":"-1","space":"0"}`, `{"type":"ŵ","room":"99999999999999999999"}`,
}

// FuzzIncoming: whatever a client says, over a socket as over requests, the
// connection lives on, what it is told are whole frames with a type, and when
// it is gone the hub holds nothing of it.
func FuzzIncoming(f *testing.F) {
	for i, text := range incoming {
		f.Add([]byte(text), []byte(incoming[(i+5)%len(incoming)]))
	}
	const head = 5
	who := access.Actor{ID: 7, SessionID: 8, Name: "Anna", Roles: map[ids.ID]access.Role{1: access.Member}}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		bus := NewBus()
		h := New(Deps{
			Log: slog.New(slog.DiscardHandler), Now: clock.System, Bus: bus, Config: config.Config{LimitSockets: 10}, Metrics: prometheus.NewRegistry(),
			Reload: func(context.Context, ids.ID) (access.Actor, error) { return who, nil },
		})
		h.UseRooms(Rooms{
			Open: func(_ context.Context, _, room ids.ID) (Seat, error) {
				if room != 1 {
					return Seat{}, sql.ErrNoRows
				}
				return Seat{Space: 1, Head: head}, nil
			},
			Changes: func(_ context.Context, room ids.ID, after int64, _ int) (list []Change, err error) {
				for seq := after + 1; seq <= head; seq++ {
					list = append(list, Change{seq, seq, Raw(map[string]any{"type": "message", "seq": seq})})
				}
				return list, nil
			},
			Gone: func(ids.ID, int64) json.RawMessage { return json.RawMessage(`{"type":"gone"}`) },
		})
		out := &tape{}
		c := newConn(h, out, who)
		h.add(c)
		for _, data := range [][]byte{first, second} {
			h.hearText(c, data)
		}
		// The same by a request: all of it or, what the schema forbids, nothing.
		var said []Incoming
		if json.Unmarshal(append(append(append([]byte(`[`), first...), ','), append(second, ']')...), &said) == nil {
			b := newInbox(clock.System)
			b.conn = c
			h.obeyAll(b, said)
		}
		if c.ended() {
			t.Errorf("%q, %q: closed with %d %s", first, second, c.code, c.reason)
		}
		h.remove(c)
		c.finish()
		if len(h.conns)+len(h.people)+len(h.open)+len(h.spaces) != 0 {
			t.Errorf("%q, %q: the hub holds %d, %d, %d, %d", first, second, len(h.conns), len(h.people), len(h.open), len(h.spaces))
		}
		eachText(out.Bytes(), func(text []byte) {
			var frame struct{ Type string }
			if err := json.Unmarshal(text, &frame); err != nil || frame.Type == "" {
				t.Errorf("%q, %q: told %q", first, second, text)
			}
		})
	})
}

// FuzzFrames: frames come out of packets as they went in, over a
// long poll as over an event stream.
func FuzzFrames(f *testing.F) {
	f.Add("a", "", 1)
	f.Add(strings.Repeat("b", 125), strings.Repeat("c", 126), 3)
	f.Add(strings.Repeat("d", 65535), strings.Repeat("e", 65536), 2)
	f.Fuzz(func(t *testing.T, one, other string, times int) {
		var want []string
		var l line
		for i := range max(times%9, 0) {
			for _, word := range []string{one, other} {
				text := Raw(map[string]any{"type": "x", "n": i, "word": word})
				want = append(want, string(text))
				l.add(text)
			}
		}
		var wire []byte
		frames := 0
		for _, p := range l {
			wire = append(wire, p.bytes...)
			frames += p.frames
			if len(p.bytes) > mostPerWrite+10 && p.frames > 1 {
				t.Errorf("a packet of %d bytes", len(p.bytes))
			}
		}
		var ours []string
		eachText(wire, func(text []byte) { ours = append(ours, string(text)) })
		var streamed []string
		for event := range strings.SplitSeq(strings.TrimSuffix(string(events(wire)), "\n\n"), "\n\n") {
			if data, ok := strings.CutPrefix(event, "data: "); ok {
				streamed = append(streamed, data)
			}
		}
		for how, got := range map[string][]string{"ours": ours, "streamed": streamed} {
			if strings.Join(got, "\n") != strings.Join(want, "\n") || len(got) != frames {
				t.Errorf("%s: %d frames, want %d", how, len(got), len(want))
			}
		}
	})
}
