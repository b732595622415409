package chat

import (
	"context"
	"fmt"
	"time"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/ids"
	"guildhall/server/markup"
)

// MessageVersion is one wording of a message.
type MessageVersion struct {
	Version  int       `json:"version" db:"version"`
	HTML     string    `json:"html" db:"-" doc:"Rendered and safe to show"`
	EditedAt time.Time `json:"editedAt" db:"edited_at" doc:"When these words were written"`
	Body     string    `json:"-" db:"body"`
}

// Versions gives every wording of a message, the oldest first and the present
// one last, to whoever may see the message. A deleted one has none.
func (s *Service) Versions(ctx context.Context, who access.Actor, id ids.ID, cursor string, limit int) (*api.Page[MessageVersion], error) {
	if _, err := s.find(ctx, who, id); err != nil {
		return nil, err
	}
	var after int32
	if err := api.ReadCursor(cursor, &after); err != nil {
		return nil, err
	}
	list, err := listVersions(ctx, s.db, id, after, limit+1)
	if err != nil {
		return nil, fmt.Errorf("list versions: %w", err)
	}
	page := api.Cut(list, limit, func(v MessageVersion) string { return api.Cursor(v.Version) })
	for i := range page.Items {
		v := &page.Items[i]
		if v.HTML, err = markup.Chat(v.Body); err != nil {
			return nil, fmt.Errorf("render version %d: %w", v.Version, err)
		}
	}
	return page, nil
}
