package realtime

import (
	"net"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// stream is an event stream (server-sent events), for networks that let no
// WebSocket through: one answer that does not end. Its connection is taken over
// like that of a WebSocket, so that it has its own deadlines, a client that
// leaves is noticed at once, and a shutdown knows of it.
type stream struct {
	raw    net.Conn
	broken bool // in the middle of an event, perhaps: nothing may follow
}

// padding makes proxies that wait for the first couple of kilobytes pass on
// what there is.
var padding = ":" + strings.Repeat(" ", 2<<10) + "\n\n"

// openStream is GET /api/live/stream.
func (h *Hub) openStream(c *fiber.Ctx) error {
	if c.Method() != fiber.MethodGet {
		return fiber.ErrMethodNotAllowed
	}
	t, err := h.admit(c.UserContext())
	if err != nil {
		return err
	}
	t.inbox = newInbox(h.now)
	c.Set(fiber.HeaderContentType, "text/event-stream; charset=utf-8")
	c.Set(fiber.HeaderCacheControl, "no-store, no-transform")
	c.Set("X-Accel-Buffering", "no") // nginx
	request := c.Context()
	// The answer ends with the connection (RFC 9112, 6.3), which proxies that
	// speak HTTP/1.0 to us understand too. After such an answer of its own the
	// library hands no connection over, so we write it.
	request.Response.Header.SetContentLength(-2)
	request.HijackSetNoResponse(true)
	request.Hijack(func(raw net.Conn) { h.serveStream(request, raw, t) })
	return nil
}

// serveStream is one event stream. The request is ours until it returns; only
// by now does the head have what all the middlewares add.
func (h *Hub) serveStream(request *fasthttp.RequestCtx, raw net.Conn, t *ticket) {
	s := &stream{raw: raw}
	s.within(writeTimeout)
	_ = s.send(append(request.Response.Header.Header(), padding...)) // if it fails, so does what follows
	h.run(t, s, func(c *conn) {
		c.heard()
		var one [1]byte
		_, _ = raw.Read(one[:]) // nothing comes this way but the end
		c.close(closeGone, "")
	})
}

func (s *stream) within(limit time.Duration) { _ = s.raw.SetWriteDeadline(in(limit)) }

func (s *stream) send(text []byte) error {
	_, err := s.raw.Write(text)
	s.broken = err != nil
	return err
}

func (s *stream) write(batch []byte) error { return s.send(events(batch)) }

// events writes a batch as server-sent events.
func events(batch []byte) []byte {
	text := make([]byte, 0, len(batch)+len(batch)/8)
	eachText(batch, func(frame []byte) {
		text = append(text, "data: "...) // JSON as we write it has no line breaks
		text = append(text, frame...)
		text = append(text, "\n\n"...)
	})
	return text
}

func (s *stream) heard() { _ = s.raw.SetReadDeadline(in(silence)) }

func (s *stream) stop(grace time.Duration) {
	_ = s.raw.SetReadDeadline(past)
	_ = s.raw.SetWriteDeadline(in(grace))
}

func (s *stream) bye(code int, reason string) {
	if code != 0 && code != closeGone && !s.broken {
		s.within(byeTimeout)
		_ = s.send(events(goodbye(code, reason)))
	}
	_ = s.raw.Close() // nothing is left to say to this peer
}
