package realtime

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"guildhall/server/ids"
)

// heard collects what an attendance tells, by space.
func heard(t *testing.T) (*attendance, func(ids.ID) []Presence) {
	told := map[ids.ID][]Presence{}
	a := newAttendance(func(space ids.ID, p packet) { told[space] = append(told[space], decode(t, p)) })
	return a, func(space ids.ID) []Presence {
		list := told[space]
		delete(told, space)
		return list
	}
}

// decode reads the one frame of a packet, whose header has no mask.
func decode(t *testing.T, p packet) Presence {
	t.Helper()
	var f Presence
	body := p.bytes[2:]
	switch p.bytes[1] {
	case 126:
		body = p.bytes[4:]
	case 127:
		body = p.bytes[10:]
	}
	if err := json.Unmarshal(body, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func one(space, person ids.ID, state string) []Presence {
	return []Presence{{Type: "presence", Space: space, People: []Here{{person, state}}}}
}

func TestPresenceAges(t *testing.T) {
	t.Parallel()
	const space, anna = 7, 1
	a, told := heard(t)
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	alive, away := Alive{Spaces: []ids.ID{space}}, Alive{Away: true, Spaces: []ids.ID{space}}

	for _, step := range []struct {
		after time.Duration
		hear  *Alive
		want  []Presence
	}{
		{0, &alive, one(space, anna, "here")},
		{30 * time.Second, &alive, nil}, // nothing new
		{29 * time.Second, &away, nil},  // a second device, or no hand on this one: the first still counts
		{31 * time.Second, &away, one(space, anna, "away")},
		{59 * time.Second, nil, nil},
		{1 * time.Second, nil, one(space, anna, "gone")},
		{time.Hour, nil, nil},
		{0, &away, one(space, anna, "away")},
		{0, &alive, one(space, anna, "here")},
	} {
		now = now.Add(step.after)
		if step.hear != nil {
			a.hear(anna, *step.hear, now)
		}
		a.sweep(now)
		if got := told(space); !reflect.DeepEqual(got, step.want) {
			t.Errorf("at %s: told %+v, want %+v", now.Format("15:04:05"), got, step.want)
		}
	}
}

func TestPresenceFollowsTheSpaces(t *testing.T) {
	t.Parallel()
	a, told := heard(t)
	now := time.Now()
	a.hear(1, Alive{Spaces: []ids.ID{7, 8}}, now)
	told(7)
	told(8)
	a.hear(1, Alive{Spaces: []ids.ID{8, 9}}, now)
	if got := told(7); !reflect.DeepEqual(got, one(7, 1, "gone")) {
		t.Errorf("the space that was left: %+v", got)
	}
	if got := told(8); got != nil {
		t.Errorf("the space that stayed: %+v", got)
	}
	if got := told(9); !reflect.DeepEqual(got, one(9, 1, "here")) {
		t.Errorf("the new space: %+v", got)
	}
	a.lose(1, 9)
	a.lose(1, 9)
	if got := told(9); !reflect.DeepEqual(got, one(9, 1, "gone")) {
		t.Errorf("after the removal: %+v", got)
	}
	a.sweep(now.Add(time.Hour))
	if len(a.people)+len(a.spaces) != 0 {
		t.Errorf("left behind: %d people, %d spaces", len(a.people), len(a.spaces))
	}
}

// TestPresenceOfACrowd: up to 200 people are told to each other, no more.
func TestPresenceOfACrowd(t *testing.T) {
	t.Parallel()
	a, told := heard(t)
	now := time.Now()
	for i := range mostPresent + 3 {
		a.hear(ids.ID(i+1), Alive{Spaces: []ids.ID{7}}, now)
	}
	list := told(7)
	if n := len(list); n != mostPresent+1 || !list[n-1].Whole || len(list[n-1].People) != 0 {
		t.Fatalf("%d frames, the last is %+v", len(list), list[len(list)-1])
	}
	var greeted Presence
	a.greet(7, func(p packet) { greeted = decode(t, p) })
	if !greeted.Whole || len(greeted.People) != 0 {
		t.Errorf("a newcomer to the crowd is told %+v", greeted)
	}
	for i := range 4 {
		a.lose(ids.ID(i+1), 7)
	}
	list = told(7)
	if n := len(list); n < 2 || !list[n-2].Whole || len(list[n-2].People) != mostPresent || list[n-1].People[0].State != "gone" {
		t.Errorf("after the crowd: %d frames", len(list))
	}
}
