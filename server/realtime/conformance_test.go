package realtime_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"guildhall/server/config"
	"guildhall/server/testkit"
)

// The opcodes of RFC 6455, 5.2.
const (
	opContinue = 0x0
	opText     = 0x1
	opClose    = 0x8
	opPing     = 0x9
	opPong     = 0xA
)

// wire is a live connection without a library between, for what no library
// would send.
type wire struct {
	net.Conn
	in *bufio.Reader
}

func dialWire(w *testkit.World) *wire {
	w.T.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(w.URL, "http://"))
	if err != nil {
		w.T.Fatal(err)
	}
	w.T.Cleanup(func() { _ = c.Close() })
	fmt.Fprintf(c, "GET /api/live HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nCookie: guildhall=%s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", strings.TrimPrefix(w.URL, "http://"), w.URL, w.As("member").Token)
	x := &wire{Conn: c, in: bufio.NewReader(c)}
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	res, err := http.ReadResponse(x.in, nil)
	if err != nil || res.StatusCode != 101 || res.Header.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" { // RFC 6455, 1.3
		w.T.Fatalf("the handshake: %v, %v", res, err)
	}
	if got := x.next(); !strings.HasPrefix(got, `text {"type":"hello"`) {
		w.T.Fatalf("the first frame is %s", got)
	}
	return x
}

// next says in words what the server sent: "text ...", "pong ...", "close
// 1002", or "end".
func (x *wire) next() string {
	head := make([]byte, 2)
	if _, err := io.ReadFull(x.in, head); err != nil {
		return "end"
	}
	size := uint64(head[1] & 0x7f)
	switch size {
	case 126:
		var n uint16
		_ = binary.Read(x.in, binary.BigEndian, &n)
		size = uint64(n)
	case 127:
		_ = binary.Read(x.in, binary.BigEndian, &size)
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(x.in, data); err != nil {
		return "half a frame"
	}
	switch {
	case head[1]&0x80 != 0 || head[0]&0x70 != 0 || head[0]&0x80 == 0:
		return fmt.Sprintf("a frame that a server may not send: % x", head)
	case head[0]&0xf == opClose && len(data) == 0:
		return "close"
	case head[0]&0xf == opClose && len(data) > 1:
		return fmt.Sprint("close ", binary.BigEndian.Uint16(data))
	case head[0]&0xf == opPong:
		return "pong " + string(data)
	case head[0]&0xf == opText:
		return "text " + string(data)
	}
	return fmt.Sprintf("frame % x", head)
}

// frame8 is one frame of a client. First is FIN, the reserved bits and the
// opcode.
func frame8(first byte, data string) []byte {
	b := []byte{first}
	switch n := len(data); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	mask := []byte{1, 2, 3, 4}
	b = append(b, mask...)
	for i := range len(data) {
		b = append(b, data[i]^mask[i%4])
	}
	return b
}

const fin = 0x80

func text(data string) []byte  { return frame8(fin|opText, data) }
func begin(data string) []byte { return frame8(opText, data) }
func more(data string) []byte  { return frame8(opContinue, data) }
func end(data string) []byte   { return frame8(fin|opContinue, data) }
func ping(data string) []byte  { return frame8(fin|opPing, data) }

func closing(code int, reason string) []byte {
	return frame8(fin|opClose, string(binary.BigEndian.AppendUint16(nil, uint16(code)))+reason)
}

// TestConformance is the part of RFC 6455 that a server must keep whatever a
// client sends, in the manner of the Autobahn cases.
func TestConformance(t *testing.T) {
	t.Parallel()
	w := testkit.New(t, testkit.Options{Config: func(c *config.Config) { c.LimitSockets = 1000 }})
	const most = 16 << 10
	odd := `{"type":"ŵ"}` // understood as JSON, answered with an error frame
	half := strings.IndexByte(odd, 0xb5)
	type row struct {
		send []byte
		want []string // beginnings of what the server says, the end included
	}
	rows := map[string]row{
		"one frame":                    {text(odd), []string{`text {"type":"error"`}},
		"an empty frame":               {text(""), []string{`text {"type":"error"`}},
		"the largest":                  {text(strings.Repeat(" ", most)), []string{`text {"type":"error"`}},
		"fragments":                    {slices.Concat(begin(odd[:4]), more(""), more(odd[4:6]), end(odd[6:])), []string{`text {"type":"error"`}},
		"a letter in two fragments":    {slices.Concat(begin(odd[:half]), end(odd[half:])), []string{`text {"type":"error"`}},
		"a ping":                       {ping("hello"), []string{"pong hello"}},
		"an empty ping":                {ping(""), []string{"pong "}},
		"the largest ping":             {ping(strings.Repeat("p", 125)), []string{"pong " + strings.Repeat("p", 125)}},
		"a ping of any bytes":          {ping("\xff\x00"), []string{"pong \xff\x00"}},
		"pings between fragments":      {slices.Concat(begin(odd[:4]), ping("1"), more(odd[4:6]), ping("2"), end(odd[6:])), []string{"pong 1", "pong 2", `text {"type":"error"`}},
		"a pong that nobody asked for": {slices.Concat(frame8(fin|opPong, "x"), ping("1")), []string{"pong 1"}},
		"many pings":                   {bytes.Repeat(ping("p"), 10), slices.Repeat([]string{"pong p"}, 10)},

		"a close between fragments":      {slices.Concat(begin("x"), closing(1000, ""), end("y")), []string{"close 1000", "end"}},
		"a ping in its largest head":     {slices.Concat([]byte{fin | opPing, 0xfe, 0, 1, 0, 0, 0, 0, 'p'}), []string{"close 1002", "end"}},
		"binary, in fragments":           {slices.Concat(frame8(0x2, "{"), end("}")), []string{"close 1003", "end"}},
		"a negative length":              {[]byte{fin | opText, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4}, []string{"close 1009", "end"}},
		"a ping too large":               {ping(strings.Repeat("p", 126)), []string{"close 1002", "end"}},
		"a ping in fragments":            {frame8(opPing, "p"), []string{"close 1002", "end"}},
		"a continuation of nothing":      {end("x"), []string{"close 1002", "end"}},
		"a message within another":       {slices.Concat(begin("x"), text("y")), []string{"close 1002", "end"}},
		"without mask":                   {[]byte{fin | opText, 2, '{', '}'}, []string{"close 1002", "end"}},
		"not UTF-8":                      {text("\xce\xba\xe1\xbd\xb9\xed\xa0\x80"), []string{"close 1007", "end"}},
		"not UTF-8, in fragments":        {slices.Concat(begin("ok \xf4"), end("\x90\x80\x80")), []string{"close 1007", "end"}},
		"half a letter":                  {text("\xc5"), []string{"close 1007", "end"}},
		"binary":                         {frame8(fin|0x2, "{}"), []string{"close 1003", "end"}},
		"too large":                      {text(strings.Repeat(" ", most+1)), []string{"close 1009", "end"}},
		"too large, in fragments":        {slices.Concat(begin(strings.Repeat(" ", most/2)), more(strings.Repeat(" ", most/2)), end(" ")), []string{"close 1009", "end"}},
		"too large, by its own word":     {[]byte{fin | opText, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4}, []string{"close 1009", "end"}},
		"a close without code":           {frame8(fin|opClose, ""), []string{"close", "end"}},
		"a close of one byte":            {frame8(fin|opClose, "\x03"), []string{"close 100", "end"}}, // 1002 would be better; the library hands us both as a close without code
		"a close with a broken reason":   {closing(1000, "\xff"), []string{"close 100", "end"}},       // 1002 or 1007
		"a close too large":              {closing(1000, strings.Repeat("r", 124)), []string{"close 1002", "end"}},
		"nothing is heard after a close": {slices.Concat(closing(1000, "bye"), ping("p"), text(odd)), []string{"close 1000", "end"}},
	}
	for bit := range 3 {
		rows[fmt.Sprint("reserved bit ", bit+1)] = row{frame8(fin|0x40>>bit|opText, odd), []string{"close 1002", "end"}}
	}
	for _, op := range []byte{3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf} {
		rows[fmt.Sprintf("opcode %x", op)] = row{frame8(fin|op, ""), []string{"close 1002", "end"}}
	}
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999} {
		rows[fmt.Sprint("closing with ", code)] = row{closing(code, "bye"), []string{fmt.Sprint("close ", code), "end"}}
	}
	for _, code := range []int{0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535} {
		rows[fmt.Sprint("closing with ", code, ", which may not be")] = row{closing(code, ""), []string{"close 1002", "end"}}
	}
	for name, c := range rows {
		t.Run(name, func(t *testing.T) {
			x := dialWire(w)
			if _, err := x.Write(c.send); err != nil {
				t.Fatal(err)
			}
			for i, want := range c.want {
				if got := x.next(); !strings.HasPrefix(got, want) || want == "close" && got != "close" && got != "close 1000" {
					t.Fatalf("answer %d is %.100q, want %.100q", i+1, got, want)
				}
			}
			_ = x.Close()
		})
	}

	// Byte by byte is the same.
	x := dialWire(w)
	for _, b := range slices.Concat(begin(odd[:4]), ping("1"), end(odd[4:])) {
		if _, err := x.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	if first, second := x.next(), x.next(); first != "pong 1" || !strings.HasPrefix(second, `text {"type":"error"`) {
		t.Errorf("byte by byte: %s, %s", first, second)
	}
}
