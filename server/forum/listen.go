package forum

import (
	"context"
	"fmt"
	"html"
	"regexp"
	"strings"

	"guildhall/search"
	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/realtime"
)

// Kind is what search calls topics.
const Kind = "topic"

func (s *Service) listen(bus *events.Bus) {
	events.Live(bus, func(list []events.TopicStarted) {
		for _, e := range list {
			s.tell(Frame{Kind: "started", Space: e.SpaceID, Topic: e.TopicID, Number: 1, Posts: 1, Author: e.AuthorID})
		}
	})
	events.Live(bus, func(list []events.PostAdded) {
		for _, e := range list {
			s.tell(Frame{Kind: "post", Space: e.SpaceID, Topic: e.TopicID, Number: e.Number, Posts: e.Posts, Author: e.AuthorID})
		}
	})
	events.Live(bus, func(list []events.TopicChanged) {
		for _, e := range list {
			s.tell(Frame{Kind: "changed", Space: e.SpaceID, Topic: e.TopicID, Number: e.Number, Posts: e.Posts, Author: e.ByID})
		}
	})
	events.Live(bus, func(list []events.TopicRead) {
		for _, e := range list {
			f := TopicRead{Type: "topic-read", Space: e.SpaceID, Topic: e.TopicID, LastReadNumber: e.LastReadNumber, Unread: e.Unread}
			s.bus.Publish(realtime.Notice{Account: e.AccountID, Frame: realtime.Raw(f)})
		}
	})
}

// tell sends a frame to everybody who watches the space.
func (s *Service) tell(f Frame) {
	f.Type = "topic"
	s.bus.Publish(realtime.Notice{Space: f.Space, Frame: realtime.Raw(f)})
}

// put makes topics findable as they are now, and unfindable if they are gone.
func put(ctx context.Context, tx *db.Tx, list ...ids.ID) error {
	if len(list) == 0 {
		return nil
	}
	rows, err := listFindable(ctx, tx, list)
	if err != nil {
		return fmt.Errorf("read topics to put: %w", err)
	}
	docs := make([]search.Doc, 0, len(rows))
	for _, r := range rows {
		if r.Gone {
			if err := search.Drop(ctx, tx, Kind, r.ID); err != nil {
				return err
			}
			continue
		}
		docs = append(docs, search.Doc{Kind: Kind, ID: r.ID, SpaceID: r.SpaceID, At: r.At, Title: r.Title, Text: plain(r.HTML)})
	}
	return search.Put(ctx, tx, docs...)
}

// hydrate reads topics for search: those of the person's spaces that are
// still there.
func (s *Service) hydrate(ctx context.Context, who access.Actor, list []ids.ID) (map[ids.ID]search.Row, error) {
	rows, err := listFound(ctx, s.db, list, who.In(access.ViewSpace))
	if err != nil {
		return nil, fmt.Errorf("read topics: %w", err)
	}
	out := make(map[ids.ID]search.Row, len(rows))
	for _, r := range rows {
		out[r.ID] = search.Row{Title: r.Title, Text: plain(r.HTML), Where: r.SpaceName, Path: "/topics/" + r.ID.String(), At: r.At}
	}
	return out, nil
}

var tags = regexp.MustCompile(`<[^>]*>`)

// plain gives the words of rendered posts. Nothing is rendered again: a reply
// to a long topic should not cost what the whole topic did.
func plain(rendered string) string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(rendered, " "))), " ")
}
