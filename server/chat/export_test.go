package chat

import (
	"context"

	"guildhall/server/accounts"
	"guildhall/server/ids"
)

// Store hands a post to its committer, as Post does when it has checked and
// rendered it.
func (s *Service) Store(ctx context.Context, room, space, author ids.ID, body string) error {
	p := &post{
		spaceID: space,
		message: Message{RoomID: room, ClientID: ids.NewUUID(), Author: accounts.Person{ID: author, Name: "Anna"}, Body: body, HTML: "<p>" + body + "</p>", Version: 1},
		calls:   callsOf(body), done: make(chan error, 1),
	}
	return s.committers[int(room)%len(s.committers)].commit(ctx, p)
}
