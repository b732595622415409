package chat

import (
	"context"
	"fmt"

	"guildhall/server/access"
	"guildhall/server/accounts"
	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/problem"
)

// Readers is who has read a message, by name.
type Readers struct {
	People []accounts.Person `json:"people" nullable:"false"`
	Of     int               `json:"of" doc:"How many could have, besides its author: those who may see it"`
}

// Readers gives who has read a message, where the space's facilitators switched
// that on and the room is small.
func (s *Service) Readers(ctx context.Context, who access.Actor, id ids.ID) (*Readers, error) {
	at, err := s.find(ctx, who, id)
	if err != nil {
		return nil, err
	}
	room, err := s.Room(ctx, who, at.RoomID)
	if err != nil {
		return nil, err
	}
	if !room.Receipts {
		return nil, problem.Conflict("receipts-off", "Who has read a message is not shown in this room.")
	}
	out := Readers{People: []accounts.Person{}}
	if out.Of, err = countReaders(ctx, s.db, id); err != nil {
		return nil, fmt.Errorf("count readers: %w", err)
	}
	if err = listReaders(ctx, s.db, id, &out.People); err != nil {
		return nil, fmt.Errorf("list readers: %w", err)
	}
	return &out, nil
}

func countReaders(ctx context.Context, q db.Q, message ids.ID) (int, error) {
	const query = `select count(*) from messages m cross join lateral public.room_people(m.room_id) me
		where m.id = $1 and me.account_id <> m.author_id and ` + visible
	var n int
	err := q.GetContext(ctx, &n, query, message)
	return n, err
}

// listReaders goes by the mark of the room, or for a reply by that of its
// thread.
func listReaders(ctx context.Context, q db.Q, message ids.ID, to *[]accounts.Person) error {
	const query = `select p.id, p.name, p.job, p.organisation, p.organisation_id, p.former
		from messages m cross join lateral public.room_people(m.room_id) me join people p on p.id = me.account_id
		left join room_reads rr on rr.room_id = m.room_id and rr.account_id = me.account_id
		left join thread_reads tr on tr.thread_id = m.thread_id and tr.account_id = me.account_id
		where m.id = $1 and me.account_id <> m.author_id and ` + visible + `
			and case when m.thread_id is null then rr.last_read_seq else tr.last_read_seq end >= m.seq
		order by lower(p.name), p.id`
	return q.SelectContext(ctx, to, query, message)
}
