package chat

import (
	"context"

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
			byRoom[e.RoomID] = append(byRoom[e.RoomID], realtime.Change{Seq: e.Seq, Frame: e.Frame})
		}
		for _, room := range order {
			s.bus.Publish(realtime.Notice{Room: room, Changes: byRoom[room]})
		}
	})
	events.Live(bus, func(list []events.MessageChanged) {
		for _, e := range list {
			s.bus.Publish(realtime.Notice{Room: e.RoomID, Changes: []realtime.Change{{Seq: e.Seq, Frame: e.Frame}}})
		}
	})
	events.Live(bus, func(list []events.RoomRead) {
		for _, e := range list {
			f := ReadMark{Type: "read", Room: e.RoomID, LastReadSeq: e.LastReadSeq, Unread: e.Unread}
			s.bus.Publish(realtime.Notice{Account: e.AccountID, Frame: realtime.Raw(f)})
		}
	})
	events.Live(bus, func(list []events.RoomMade) {
		for _, e := range list {
			s.bus.Publish(realtime.Notice{Space: e.SpaceID, Frame: realtime.Raw(SpaceChanged{Type: "space", Space: e.SpaceID})})
		}
	})
}

// openLive is the hub's way to find a room.
func (s *Service) openLive(ctx context.Context, id ids.ID) (space ids.ID, head int64, err error) {
	r, err := getRoom(ctx, s.db, 0, id)
	return r.SpaceID, r.Head, err
}

// liveChanges is the hub's way to fill a gap.
func (s *Service) liveChanges(ctx context.Context, room ids.ID, after int64, limit int) ([]realtime.Change, error) {
	list, err := listChanges(ctx, s.db, room, after, limit)
	if err != nil {
		return nil, err
	}
	out := make([]realtime.Change, len(list))
	for i, c := range list {
		out[i] = realtime.Change{Seq: c.Seq, Frame: realtime.Raw(c)}
	}
	return out, nil
}

func (s *Service) heads(ctx context.Context, rooms []ids.ID) (map[ids.ID]int64, error) {
	return readHeads(ctx, s.db, ids.Ints(rooms))
}
