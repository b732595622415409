package realtime

import (
	"encoding/binary"
	"time"

	"github.com/fasthttp/websocket"
)

// transport is how frames reach one client: a WebSocket, an event stream, or
// one long poll after the other. Everything else about a connection is the
// same for all three.
type transport interface {
	// within bounds the writes that follow, until stop bounds them for good.
	within(limit time.Duration)
	// write sends whole frames, and fails if the client does not take them.
	write(batch []byte) error
	// heard gives the client another stretch of silence.
	heard()
	// stop ends the listening at once, and all that is still written after the
	// grace.
	stop(grace time.Duration)
	// bye says why the connection ends, if there is a code to say it with, and
	// closes it. It is called once, when nothing writes any more.
	bye(code int, reason string)
}

// socket is a WebSocket. It is one pointer, which keeps an idle one small.
type socket struct{ *websocket.Conn }

func (s socket) within(limit time.Duration) { _ = s.NetConn().SetWriteDeadline(in(limit)) }

// Batches bypass the library, which would write each frame by itself.
func (s socket) write(batch []byte) error {
	_, err := s.NetConn().Write(batch)
	return err
}

func (s socket) heard() { _ = s.SetReadDeadline(in(silence)) }

func (s socket) stop(grace time.Duration) {
	_ = s.SetReadDeadline(past)
	_ = s.NetConn().SetWriteDeadline(in(grace))
}

func (s socket) bye(code int, reason string) {
	if code != 0 && code != closeGone {
		_ = s.NetConn().SetWriteDeadline(in(byeTimeout))
		_ = s.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), in(byeTimeout))
	}
	_ = s.Close() // nothing is left to say to this peer
}

// in is a network deadline, which is the machine's time and not the clock's.
func in(d time.Duration) time.Time {
	return time.Now().Add(d) //nolint:forbidigo // a network deadline
}

var past = time.Unix(1, 0)

// goodbye is the last frame where there is no close frame.
func goodbye(code int, reason string) []byte {
	return encode(Bye{Type: "bye", Code: code, Reason: reason}).bytes
}

// eachText gives the JSON of every frame in a batch that was encoded for
// sockets: what is encoded once serves the other transports too.
func eachText(batch []byte, f func(text []byte)) {
	for len(batch) > 0 {
		head, size := 2, uint64(batch[1])
		switch size {
		case 126:
			head, size = 4, uint64(binary.BigEndian.Uint16(batch[2:]))
		case 127:
			head, size = 10, binary.BigEndian.Uint64(batch[2:])
		}
		end := uint64(head) + size
		f(batch[head:end])
		batch = batch[end:]
	}
}
