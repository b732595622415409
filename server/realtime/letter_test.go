package realtime

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"guildhall/server/ids"
)

// full is a notice with something in every field that travels.
func full() Notice {
	return Notice{
		Room: 1, Space: 2, Account: 3, Changes: []Change{{4, 3, json.RawMessage("{\"a\":\"\n\"}")}, {5, 5, json.RawMessage(`{}`)}},
		Frame: json.RawMessage(`{"type":"x"}`), Head: 6, Rights: true, LeftSpace: 7, LeftRoom: 11, Sessions: []ids.ID{8, 9},
		Alive: &Alive{Away: true, Spaces: []ids.ID{10}, Ago: time.Second}, Who: true,
	}
}

// TestLettersHoldEverything: also what somebody adds to a notice later.
func TestLettersHoldEverything(t *testing.T) {
	t.Parallel()
	n := full()
	for v, i := reflect.ValueOf(n), 0; i < v.NumField(); i++ {
		if name := v.Type().Field(i).Name; v.Field(i).IsZero() && name != "Missed" {
			t.Errorf("the field %s is not tested", name)
		}
	}
	for v, i := reflect.ValueOf(n.Changes[0]), 0; i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("the field %s of a change is not tested", v.Type().Field(i).Name)
		}
	}
	for _, n := range []Notice{n, {Frame: json.RawMessage(`{}`), Space: 1}, {Who: true}} {
		l, err := readLetter(letter{Node: "a", N: 7, Notice: n}.bytes())
		if err != nil || l.Node != "a" || l.N != 7 || !reflect.DeepEqual(l.Notice, n) {
			t.Errorf("%+v became %+v (%v)", n, l, err)
		}
	}
}

// TestLongNoticesAreCut: into letters of 64 KiB, and a change that is longer
// becomes the number that the room has come to.
func TestLongNoticesAreCut(t *testing.T) {
	t.Parallel()
	frame := func(size int) json.RawMessage { return json.RawMessage(strings.Repeat("x", size)) }
	n := Notice{Room: 1}
	for seq := range int64(300) {
		size := 1000
		if seq == 150 {
			size = mostLetter + 1
		}
		n.Changes = append(n.Changes, Change{seq + 1, seq + 1, frame(size)})
	}
	due := int64(1)
	pieces := n.pieces()
	for _, p := range pieces {
		size := 0
		for _, c := range p.Changes {
			if c.Seq != due {
				t.Fatalf("%d comes where %d is due", c.Seq, due)
			}
			due++
			size += len(c.Frame)
		}
		if p.Head != 0 {
			if p.Head != due || due != 151 {
				t.Errorf("the room is said to be at %d", p.Head)
			}
			due++
		}
		if p.Room != 1 || size > mostLetter {
			t.Errorf("a piece of room %s has %d bytes", p.Room, size)
		}
	}
	if due != 301 || len(pieces) != 7 {
		t.Errorf("%d pieces up to %d", len(pieces), due)
	}
}

// FuzzLetters: whatever comes from NATS, nothing breaks, and what is read can
// be written.
func FuzzLetters(f *testing.F) {
	f.Add(letter{Node: "a", Notice: full()}.bytes())
	f.Add([]byte(`{"node":"a","sizes":[-1]}`))
	f.Add([]byte(`{"node":"a","changes":[{"seq":1}],"sizes":[9223372036854775807]}` + "\nxx"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := readLetter(data)
		if err != nil {
			return
		}
		again, err := readLetter(l.bytes())
		if err != nil || len(again.Changes) != len(l.Changes) {
			t.Errorf("%q: %v", data, err)
		}
	})
}

// BenchmarkPublish is what a node pays for its other nodes while it delivers
// to its own sockets.
func BenchmarkPublish(b *testing.B) {
	for _, size := range []int{1, 32} {
		n := Notice{Room: 1}
		for seq := range int64(size) {
			n.Changes = append(n.Changes, Change{seq, seq, json.RawMessage(`{"body":"` + strings.Repeat("x", 300) + `"}`)})
		}
		b.Run(fmt.Sprintf("letter of %d", size), func(b *testing.B) {
			for b.Loop() {
				letter{Node: "0123456789ab", N: 1, Notice: n}.bytes()
			}
		})
	}
}
