package realtime

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// mostLetter is how many bytes of frames one letter holds: NATS is for small
// messages (its limit is 1 MiB), and a long one holds up those behind it.
const mostLetter = 64 << 10

// letter is a notice on its way between nodes: one line of JSON, then its
// frames as they are, since they are most of it and need no second look.
// Fields that a node does not know it ignores, so versions may differ.
type letter struct {
	Node  string `json:"node"`
	N     uint64 `json:"n"`               // the node's letters have numbers without gaps
	Pulse bool   `json:"pulse,omitempty"` // no letter: only says that N was the last
	Bye   bool   `json:"bye,omitempty"`   // the node stops
	Sizes []int  `json:"sizes,omitempty"` // of the frames of Changes, and of Frame
	Notice
}

var errLetter = errors.New("not a letter")

// bytes gives what travels.
func (l letter) bytes() []byte {
	l.Sizes = nil
	total := 1
	for _, c := range l.Changes {
		l.Sizes = append(l.Sizes, len(c.Frame))
		total += len(c.Frame)
	}
	if l.Frame != nil {
		l.Sizes = append(l.Sizes, len(l.Frame))
		total += len(l.Frame)
	}
	out, err := json.Marshal(l)
	if err != nil {
		panic(err) // our own struct
	}
	out = append(slices.Grow(out, total), '\n')
	for _, c := range l.Changes {
		out = append(out, c.Frame...)
	}
	return append(out, l.Frame...)
}

// readLetter is the opposite. It keeps parts of data.
func readLetter(data []byte) (letter, error) {
	var l letter
	head, frames, _ := bytes.Cut(data, []byte{'\n'})
	if err := json.Unmarshal(head, &l); err != nil {
		return l, fmt.Errorf("%w: %w", errLetter, err)
	}
	if l.Node == "" || len(l.Sizes) < len(l.Changes) || len(l.Sizes) > len(l.Changes)+1 {
		return l, errLetter
	}
	for i, size := range l.Sizes {
		if size < 0 || size > len(frames) {
			return l, errLetter
		}
		frame := json.RawMessage(frames[:size:size])
		frames = frames[size:]
		if i < len(l.Changes) {
			l.Changes[i].Frame = frame
		} else {
			l.Frame = frame
		}
	}
	return l, nil
}

// pieces cuts a notice into ones that fit into a letter. A change that is too
// large for one travels as the number that the room has come to; whoever needs
// it reads the database.
func (n Notice) pieces() []Notice {
	if len(n.Changes) == 0 {
		return []Notice{n}
	}
	var out []Notice
	size := 0
	for _, c := range n.Changes {
		switch {
		case len(c.Frame) > mostLetter:
			out = append(out, Notice{Room: n.Room, Head: c.Seq})
			size = mostLetter // what follows begins a new one
		case len(out) == 0 || size+len(c.Frame) > mostLetter:
			out = append(out, Notice{Room: n.Room, Changes: []Change{c}})
			size = len(c.Frame)
		default:
			last := &out[len(out)-1]
			last.Changes = append(last.Changes, c)
			size += len(c.Frame)
		}
	}
	return out
}
