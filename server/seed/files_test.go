package seed

import (
	"testing"
	"time"
)

// TestTimesAreInOrderAtAnyHour: whenever the demonstration is loaded, in
// summer, in winter and in the nights between, everything was said in order
// and before now.
func TestTimesAreInOrderAtAnyHour(t *testing.T) {
	t.Parallel()
	n, err := readFiles()
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	talks := map[string][]said{}
	made := map[string]moment{}
	for _, r := range n.Rooms {
		talks["room "+r.Key], made["room "+r.Key] = r.Messages, r.CreatedAt
	}
	for _, topic := range n.Topics {
		talks["topic "+topic.Key] = topic.Posts
	}
	for _, day := range []time.Time{
		time.Date(2026, 11, 25, 0, 0, 0, 0, zone), time.Date(2027, 3, 28, 0, 0, 0, 0, zone), time.Date(2027, 3, 29, 0, 0, 0, 0, zone),
		time.Date(2027, 7, 1, 0, 0, 0, 0, zone), time.Date(2026, 10, 25, 0, 0, 0, 0, zone), time.Date(2026, 10, 26, 0, 0, 0, 0, zone),
	} {
		for minute := 0; minute < 24*60; minute += 30 {
			now := day.Add(time.Duration(minute) * time.Minute)
			for name, talk := range talks {
				last := time.Time{}
				if begun, ok := made[name]; ok {
					if last, err = begun.on(now); err != nil {
						t.Fatalf("%s: %v", name, err)
					}
				}
				for i, s := range talk {
					at, err := s.on(now)
					if err != nil || at.Before(last) || !at.Before(now) {
						t.Fatalf("%s, %d, loaded at %s: said at %s after %s (%v)", name, i+1, now, at, last, err)
					}
					last = at
				}
			}
		}
	}
}
