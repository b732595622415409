package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// HTTPOptions says how many requests there are.
type HTTPOptions struct {
	Rate     float64       // requests a second, at most 2,000
	Duration time.Duration // for each page, at most 10 minutes
	As       string        // whose eyes; empty is member
}

// PageReport is how long one kind of request took, counted from the moment it
// was due.
type PageReport struct {
	Page   string `json:"page"`
	Path   string `json:"path"`
	Count  int    `json:"count"`
	Failed int    `json:"failed"` // answered with anything but 200
	Times
}

// HTTP asks a demonstration for what its pages show, one kind after the other
// at a fixed rate. What goes on is told to progress.
func HTTP(ctx context.Context, c *Client, o HTTPOptions, progress io.Writer) ([]PageReport, error) {
	n := int(o.Rate * o.Duration.Seconds())
	if o.Rate <= 0 || o.Rate > 2000 || o.Duration <= 0 || o.Duration > mostDuration || n < 1 {
		return nil, fmt.Errorf("--rate must be above 0 and at most 2000 a second, --duration at most %s, and both together make one request at least", mostDuration)
	}
	if o.As == "" {
		o.As = "member"
	}
	p, err := c.SignIn(ctx, o.As)
	if err != nil {
		return nil, err
	}
	pages, err := pagesOf(ctx, p)
	if err != nil {
		return nil, err
	}
	for i := range pages {
		fmt.Fprintf(progress, "%s: %d requests\n", pages[i].Page, n)
		if err := pages[i].measure(ctx, p, n, o.Rate); err != nil {
			return nil, err
		}
	}
	return pages, nil
}

// pagesOf finds a room, a topic and a story to look at.
func pagesOf(ctx context.Context, p *Person) ([]PageReport, error) {
	type thing struct {
		ID   string
		Head int64
	}
	var rooms, topics, stories struct{ Items []thing }
	for path, into := range map[string]any{"/api/rooms": &rooms, "/api/topics": &topics, "/api/stories": &stories} {
		if err := p.Get(ctx, path, into); err != nil {
			return nil, err
		}
	}
	if len(rooms.Items) == 0 || len(stories.Items) == 0 {
		return nil, errors.New("there is no room or no story to look at")
	}
	busiest := rooms.Items[0]
	for _, r := range rooms.Items {
		if r.Head > busiest.Head {
			busiest = r
		}
	}
	pages := []PageReport{
		{Page: "app", Path: "/"},
		{Page: "home: rooms", Path: "/api/rooms"},
		{Page: "home: new topics", Path: "/api/topics?unread=true&limit=20"},
		{Page: "last 60 messages", Path: "/api/rooms/" + busiest.ID + "/messages?limit=60"},
		{Page: "story", Path: "/api/stories/" + stories.Items[0].ID},
		{Page: "stories", Path: "/api/stories"},
		{Page: "search stories", Path: "/api/stories?q=adult+social+care"},
		{Page: "search, mistyped", Path: "/api/stories?q=houseing+repairs"},
	}
	if len(topics.Items) > 0 {
		topic := "/api/topics/" + topics.Items[0].ID
		pages = append(pages, PageReport{Page: "topic", Path: topic}, PageReport{Page: "topic: posts", Path: topic + "/posts"})
	}
	return pages, nil
}

// measure asks n times at the rate, on as many connections as it takes, up to
// 64.
func (r *PageReport) measure(ctx context.Context, p *Person, n int, rate float64) error {
	r.Count = n
	took, failed := make([]uint32, n), make([]bool, n)
	begin := time.Now() //nolint:forbidigo // it measures real time
	err := inParallel(n, 64, func(i int) error {
		due := time.Duration(float64(i) / rate * float64(time.Second))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(due - time.Since(begin)):
		}
		a, err := p.do(ctx, http.MethodGet, r.Path, nil)
		took[i] = micros(time.Since(begin) - due)
		if err != nil {
			return err
		}
		failed[i] = a.status != http.StatusOK
		return nil
	})
	for _, f := range failed {
		if f {
			r.Failed++
		}
	}
	r.Times = summary(took)
	return err
}
