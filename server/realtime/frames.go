package realtime

import (
	"encoding/binary"
	"encoding/json"
	"time"

	"guildhall/server/ids"
)

// The frames of the live connection. Each is one JSON object with a type;
// clients ignore types and fields that they do not know. Features add their
// own (a message, a topic); the union of all stands in the OpenAPI document.

// Hello is the first frame: how often the heart beats and whose session it is.
type Hello struct {
	Type       string `json:"type" enum:"hello"`
	Session    ids.ID `json:"session"`
	Heartbeat  int    `json:"heartbeat" doc:"Seconds between heartbeats"`
	Silence    int    `json:"silence" doc:"Seconds without a frame after which the other side is taken for dead"`
	Connection string `json:"connection,omitempty" doc:"Where no WebSocket is: what the client says goes by POST /api/live/{connection}/frames"`
}

// Subscribed says that frames of a room or a space now come. Head is the
// room's last number; Reload says that the gap is too long to send and the
// client should read the room anew.
type Subscribed struct {
	Type   string `json:"type" enum:"subscribed"`
	Room   ids.ID `json:"room,omitempty"`
	Space  ids.ID `json:"space,omitempty"`
	Head   int64  `json:"head"`
	Reload bool   `json:"reload,omitempty"`
}

// Refused says that there is no such room or space, or none that one may see.
type Refused struct {
	Type  string `json:"type" enum:"refused"`
	Room  ids.ID `json:"room,omitempty"`
	Space ids.ID `json:"space,omitempty"`
}

// Heartbeat carries the last number of each subscribed room; a client that is
// behind one reads the changes. The answer is a pong frame.
type Heartbeat struct {
	Type  string           `json:"type" enum:"heartbeat"`
	Heads map[ids.ID]int64 `json:"heads"`
}

// Access says that one's spaces or roles changed: load them again.
type Access struct {
	Type string `json:"type" enum:"access"`
}

// Reconnect comes before the server goes down: come back after so long.
type Reconnect struct {
	Type    string `json:"type" enum:"reconnect"`
	AfterMs int64  `json:"afterMs"`
}

// Bye is the last frame of an event stream or a long poll: the code and the
// reason with which a WebSocket would be closed.
type Bye struct {
	Type   string `json:"type" enum:"bye"`
	Code   int    `json:"code"`
	Reason string `json:"reason,omitempty"`
}

// Typing says that somebody writes in a room; show it for six seconds.
type Typing struct {
	Type   string `json:"type" enum:"typing"`
	Room   ids.ID `json:"room"`
	Person ids.ID `json:"person"`
	Name   string `json:"name"`
}

// FrameError says what was wrong with a frame that the client sent.
type FrameError struct {
	Type   string `json:"type" enum:"error"`
	Detail string `json:"detail"`
}

// Incoming is every frame that a client may send: subscribe (a room after a
// number, or a space), unsubscribe, typing, presence (at most every second,
// at least every 30 while the person is there), pong.
type Incoming struct {
	Type  string  `json:"type" enum:"subscribe,unsubscribe,typing,presence,pong"`
	Room  *ids.ID `json:"room,omitempty"`
	Space *ids.ID `json:"space,omitempty"`
	Away  bool    `json:"away,omitempty" doc:"With presence: connected, but nobody has touched anything for five minutes"`
	After *int64  `json:"after,omitempty" minimum:"0" doc:"The last number the client has; changes after it are sent first"`
}

// packet is a frame as it goes over the wire: encoded once, header and all,
// and shared by every socket that gets it. Servers do not mask (RFC 6455,
// 5.1), so the bytes are the same for everybody.
type packet struct {
	bytes  []byte
	frames int
}

// encode makes the packet of one frame.
func encode(frame any) packet {
	data, ok := frame.(json.RawMessage)
	if !ok {
		var err error
		if data, err = json.Marshal(frame); err != nil {
			panic(err) // the frames are our own structs
		}
	}
	return packet{bytes: appendText(nil, data), frames: 1}
}

// line is frames one after the other, in packets that one write takes. A
// packet ends where a frame does, since a pong may come between two writes.
type line []packet

func (l *line) add(frame json.RawMessage) {
	if n := len(*l); n > 0 && len((*l)[n-1].bytes)+len(frame) < mostPerWrite {
		last := &(*l)[n-1]
		last.bytes = appendText(last.bytes, frame)
		last.frames++
		return
	}
	*l = append(*l, encode(frame))
}

// appendText adds a WebSocket text frame (RFC 6455, 5.2).
func appendText(to, data []byte) []byte {
	const finalText = 0x81
	switch n := len(data); {
	case n < 126:
		to = append(to, finalText, byte(n))
	case n < 1<<16:
		to = append(to, finalText, 126)
		to = binary.BigEndian.AppendUint16(to, uint16(n))
	default:
		to = append(to, finalText, 127)
		to = binary.BigEndian.AppendUint64(to, uint64(n))
	}
	return append(to, data...)
}

// The times of the live connection; contracts for every client.
const (
	heartbeatEvery = 25 * time.Second
	silence        = 60 * time.Second
	typingEvery    = 2 * time.Second
)
