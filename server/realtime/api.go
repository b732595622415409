package realtime

import (
	"context"
	"time"

	"github.com/fasthttp/websocket"

	"guildhall/server/access"
	"guildhall/server/api"
)

// Routes adds what clients without a WebSocket need beside their stream.
func (h *Hub) Routes(r *api.Router) {
	api.Handle(r, api.Op{ID: "poll-live", Method: "GET", Path: "/live/poll", Summary: "Wait for frames, where neither a WebSocket nor an event stream comes through", Door: api.SignedIn, Errors: []int{410, 429}}, h.getPoll)
	api.Do(r, api.Op{ID: "say-live", Method: "POST", Path: "/live/{connection}/frames", Summary: "Say something on a live connection that is no WebSocket", Door: api.SignedIn, MaxBody: mostIncoming, Errors: []int{410, 503}}, h.postFrames)
	api.Do(r, api.Op{ID: "leave-live", Method: "DELETE", Path: "/live/{connection}", Summary: "End a live connection that is no WebSocket", Door: api.SignedIn, Errors: []int{410}}, h.deleteConnection)
}

type pollInput struct {
	Connection string `query:"connection" maxLength:"64" doc:"As the first frame of the first answer names it; empty opens a new one"`
	Ack        int64  `query:"ack" minimum:"0" doc:"The number of the last answer that came; another than that gives it again"`
	Wait       int    `query:"wait" minimum:"1" maximum:"25" default:"25" doc:"Seconds until an answer without frames"`
}

type framesInput struct {
	Connection string `path:"connection" maxLength:"64"`
	Body       struct {
		Frames []Incoming `json:"frames" minItems:"1" maxItems:"100"`
	}
}

type connectionInput struct {
	Connection string `path:"connection" maxLength:"64"`
}

func (h *Hub) getPoll(ctx context.Context, who access.Actor, in *pollInput) (*LiveBatch, error) {
	wait := time.Duration(in.Wait) * time.Second
	if in.Connection == "" {
		p, err := h.openPoll(ctx)
		if err != nil {
			return nil, err
		}
		return p.take(0, wait)
	}
	b, err := h.find(who, in.Connection)
	if err != nil {
		return nil, err
	}
	if b.poll == nil {
		return nil, errOver()
	}
	return b.poll.take(in.Ack, wait)
}

func (h *Hub) postFrames(ctx context.Context, who access.Actor, in *framesInput) error {
	b, err := h.find(who, in.Connection)
	if err != nil {
		return err
	}
	return h.hear(ctx, b, in.Body.Frames)
}

func (h *Hub) deleteConnection(_ context.Context, who access.Actor, in *connectionInput) error {
	b, err := h.find(who, in.Connection)
	if err != nil {
		return err
	}
	b.conn.close(websocket.CloseNormalClosure, "")
	return nil
}
