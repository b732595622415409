package chat

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/realtime"
)

func (s *Service) listen(bus *events.Bus) {
	events.Live(bus, func(list []events.MessagePosted) {
		byRoom := map[ids.ID][]realtime.Change{}
		var order []ids.ID
		for _, e := range list {
			if byRoom[e.RoomID] == nil {
				order = append(order, e.RoomID)
			}
			byRoom[e.RoomID] = append(byRoom[e.RoomID], realtime.Change{Seq: e.Seq, Of: e.Of, Frame: e.Frame})
		}
		for _, room := range order {
			s.bus.Publish(realtime.Notice{Room: room, Changes: byRoom[room]})
		}
	})
	events.Live(bus, func(list []events.MessageChanged) {
		for _, e := range list {
			s.bus.Publish(realtime.Notice{Room: e.RoomID, Changes: []realtime.Change{{Seq: e.Seq, Of: e.Of, Frame: e.Frame}}})
		}
	})
	events.Live(bus, func(list []events.RoomRead) {
		for _, e := range list {
			f := ReadMark{Type: "read", Room: e.RoomID, LastReadSeq: e.LastReadSeq, Unread: e.Unread, Mentions: e.Mentions, Lowered: e.Lowered}
			s.bus.Publish(realtime.Notice{Account: e.AccountID, Frame: realtime.Raw(f)})
		}
	})
	events.Live(bus, func(list []events.ThreadRead) {
		for _, e := range list {
			f := ThreadMark{Type: "thread-read", Room: e.RoomID, Thread: e.ThreadID, Following: e.Following, LastReadSeq: e.LastReadSeq, LastSeq: e.LastSeq, Unread: e.Unread}
			s.bus.Publish(realtime.Notice{Account: e.AccountID, Frame: realtime.Raw(f)})
		}
	})
	events.Live(bus, func(list []events.RoomMade) {
		for _, e := range list {
			s.bus.Publish(realtime.Notice{Space: e.SpaceID, Frame: realtime.Raw(SpaceChanged{Type: "space", Space: e.SpaceID})})
		}
	})
	events.Live(bus, func(list []events.RoomChanged) {
		for _, e := range list {
			if e.SpaceID != 0 {
				s.bus.Publish(realtime.Notice{Space: e.SpaceID, Frame: realtime.Raw(SpaceChanged{Type: "space", Space: e.SpaceID})})
			}
			for _, account := range e.Accounts {
				s.bus.Publish(realtime.Notice{Account: account, Frame: realtime.Raw(RoomChanged{Type: "room", Room: e.RoomID})})
			}
		}
	})
	events.Live(bus, func(list []events.RoomLeft) {
		for _, e := range list {
			s.bus.Publish(realtime.Notice{Account: e.AccountID, LeftRoom: e.RoomID, Frame: realtime.Raw(RoomChanged{Type: "room", Room: e.RoomID})})
		}
	})
	events.Live(bus, func(list []events.DraftKept) {
		for _, e := range list {
			s.bus.Publish(realtime.Notice{Account: e.AccountID, Frame: e.Frame})
		}
	})
	events.Live(bus, func(list []events.ScheduledChanged) {
		for _, e := range list {
			s.bus.Publish(realtime.Notice{Account: e.AccountID, Frame: realtime.Raw(ScheduledChanged{Type: "scheduled"})})
		}
	})
	events.Live(bus, func(list []events.ChatPreferencesSet) {
		for _, e := range list {
			s.bus.Publish(realtime.Notice{Account: e.AccountID, Frame: realtime.Raw(PreferencesChanged{Type: "chat-preferences"})})
		}
	})
	bus.Handle(sendScheduled, func(ctx context.Context, payload []byte) error {
		var due dueMessage
		if err := json.Unmarshal(payload, &due); err != nil {
			return fmt.Errorf("read job: %w", err)
		}
		return s.sendDue(ctx, due)
	})
	events.Kept(bus, "chat.remove-files", s.removeBytes, nil)
	events.Kept(bus, "chat-leave-private-rooms", func(ctx context.Context, e events.MemberRemoved) error {
		return s.db.Tx(ctx, func(tx *db.Tx) error { return endSeatsIn(ctx, tx, e.SpaceID, e.AccountID, s.now()) })
	}, nil)
}

// openLive is the hub's way to find somebody's seat in a room.
func (s *Service) openLive(ctx context.Context, account, room ids.ID) (realtime.Seat, error) {
	at, err := getSeat(ctx, s.db, account, room)
	if err == nil && !at.Role.May(access.ViewRoom) {
		err = sql.ErrNoRows
	}
	return realtime.Seat{Space: at.SpaceID, From: at.FromSeq, Head: at.Head, Private: at.Kind != Open}, err
}

// lost is the hub's way to find out who is no longer in a private room.
func (s *Service) lost(ctx context.Context, places []realtime.Place) ([]realtime.Place, error) {
	return listLost(ctx, s.db, places)
}

// liveChanges is the hub's way to fill a gap.
func (s *Service) liveChanges(ctx context.Context, room ids.ID, after int64, limit int) ([]realtime.Change, error) {
	list, err := listChanges(ctx, s.db, room, after, limit)
	if err != nil {
		return nil, err
	}
	out := make([]realtime.Change, len(list))
	for i, c := range list {
		out[i] = realtime.Change{Seq: c.Seq, Of: c.Seq, Frame: realtime.Raw(c)}
		if c.Message != nil {
			out[i].Of = c.Message.of()
		}
	}
	return out, nil
}

func (s *Service) heads(ctx context.Context, rooms []ids.ID) (map[ids.ID]int64, error) {
	return readHeads(ctx, s.db, ids.Ints(rooms))
}
