package forum

import (
	"guildhall/server/events"
	"guildhall/server/realtime"
)

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
