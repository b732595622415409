package soak_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/fasthttp/websocket"

	"guildhall/server/ids"
)

// transports are the ways in which frames reach a client.
var transports = []string{"socket", "stream", "poll"}

// frame is any frame of a server.
type frame struct {
	Type        string
	Room        ids.ID
	Seq         int64
	Head        int64
	Reload      bool
	Message     *message
	Heads       map[ids.ID]int64
	LastReadSeq int64
	Unread      int
	Connection  string
}

// line is one live connection. It reads no further than its device does.
type line struct {
	p      *person
	n      *node
	frames chan []byte // closed at the end
	ws     *websocket.Conn
	id     string // of a connection that is no socket
	cut    context.CancelFunc
}

// open connects to a node over a transport.
func open(ctx context.Context, p *person, n *node, kind string) (*line, error) {
	ctx, cut := context.WithCancel(ctx)
	l := &line{p: p, n: n, frames: make(chan []byte), cut: cut}
	var err error
	switch kind {
	case "socket":
		err = l.openSocket(ctx)
	case "stream":
		err = l.openStream(ctx)
	default:
		err = l.openPoll(ctx)
	}
	if err != nil {
		cut()
	}
	return l, err
}

func (l *line) give(ctx context.Context, data []byte) bool {
	select {
	case l.frames <- data:
		return true
	case <-ctx.Done():
		return false
	}
}

func (l *line) openSocket(ctx context.Context) error {
	ws, _, err := websocket.DefaultDialer.DialContext(ctx, "ws"+strings.TrimPrefix(l.n.url, "http")+"/api/live", l.p.header(l.n))
	if err != nil {
		return err
	}
	l.ws = ws
	context.AfterFunc(ctx, func() { _ = ws.Close() })
	go func() {
		defer close(l.frames)
		for {
			_, data, err := ws.ReadMessage()
			if err != nil || !l.give(ctx, data) {
				return
			}
		}
	}()
	return nil
}

// live has no time limit, unlike web.
var live = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func (l *line) get(ctx context.Context, path string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.n.url+path, nil)
	if err != nil {
		return nil, err
	}
	r.Header = l.p.header(l.n)
	res, err := live.Do(r)
	if err == nil && res.StatusCode != http.StatusOK {
		_ = res.Body.Close()
		return nil, fmt.Errorf("answered %d", res.StatusCode)
	}
	return res, err
}

func (l *line) openStream(ctx context.Context) error {
	res, err := l.get(ctx, "/api/live/stream")
	if err != nil {
		return err
	}
	go func() {
		defer close(l.frames)
		defer res.Body.Close()
		for in := bufio.NewReader(res.Body); ; {
			text, err := in.ReadBytes('\n')
			if err != nil {
				return
			}
			if data, ok := bytes.CutPrefix(bytes.TrimSpace(text), []byte("data: ")); ok && !l.give(ctx, data) {
				return
			}
		}
	}()
	return nil
}

func (l *line) poll(ctx context.Context, connection string, ack int64) (number int64, frames []json.RawMessage, err error) {
	ctx, stop := context.WithTimeout(ctx, 40*time.Second)
	defer stop()
	res, err := l.get(ctx, fmt.Sprintf("/api/live/poll?connection=%s&ack=%d", connection, ack))
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	var b struct {
		Number int64
		Frames []json.RawMessage
	}
	err = json.NewDecoder(res.Body).Decode(&b)
	return b.Number, b.Frames, err
}

func (l *line) openPoll(ctx context.Context) error {
	number, frames, err := l.poll(ctx, "", 0)
	if err != nil {
		return err
	}
	var hello frame
	if len(frames) == 0 || json.Unmarshal(frames[0], &hello) != nil {
		return errors.New("no hello")
	}
	go func() {
		defer close(l.frames)
		for {
			for _, data := range frames {
				if !l.give(ctx, data) {
					return
				}
			}
			if number, frames, err = l.poll(ctx, hello.Connection, number); err != nil {
				return
			}
		}
	}()
	return nil
}

// say sends a frame. That it failed is heard on the line.
func (l *line) say(f any) bool {
	if l.ws != nil {
		return l.ws.WriteJSON(f) == nil
	}
	status, _, err := l.p.ask(context.Background(), l.n, http.MethodPost, "/live/"+l.id+"/frames", map[string]any{"frames": []any{f}})
	return err == nil && status < 300
}
