package chat

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"guildhall/server/access"
	"guildhall/server/accounts"
	"guildhall/server/api"
	"guildhall/server/ids"
	"guildhall/server/problem"
)

// Found is a message that a search found, and where it was said.
type Found struct {
	Message Message `json:"message"`
	Room    Place   `json:"room"`
}

// Place is a room as a search shows it.
type Place struct {
	ID        ids.ID            `json:"id"`
	Kind      Kind              `json:"kind" enum:"open,private,direct,group"`
	Name      string            `json:"name"`
	SpaceID   ids.ID            `json:"spaceId,omitempty"`
	SpaceName string            `json:"spaceName"`
	People    []accounts.Person `json:"people,omitempty" doc:"Of a conversation, who is in it besides the reader"`
}

// Wanted is a search as it was understood. Each part narrows it.
type Wanted struct {
	Room   ids.ID    // only in this one; 0 is in all
	Words  string    // and "phrases in quotes", -without
	From   []string  // authors: "me", or words of a name
	In     []string  // rooms: words of a name of a room, space or conversation
	Has    []string  // "file" or "link"
	After  time.Time // not before the start of this day
	Before time.Time // before the start of this day
	last   string    // of the words, as it was written
	prefix string    // and the words that it is made of, if it may be the beginning of one
}

// Search finds messages in one room, or in all that the person may see, the
// newest first.
// It understands from:, in:, has:file, has:link, before: and after: with a day,
// "phrases" and -words.
func (s *Service) Search(ctx context.Context, who access.Actor, query string, room ids.ID, page api.Paging) (*api.Page[Found], error) {
	wanted, err := s.understand(query)
	if err != nil {
		return nil, err
	}
	wanted.Room = room
	before := conversationPlace{At: farOff, ID: 1 << 62}
	if err := api.ReadCursor(page.Cursor, &before.At, &before.ID); err != nil {
		return nil, err
	}
	list, err := findMessages(ctx, s.db, who, wanted, before, page.Limit+1)
	if err != nil {
		return nil, fmt.Errorf("search messages: %w", err)
	}
	out := api.Cut(list, page.Limit, func(f Found) string { return api.Cursor(f.Message.CreatedAt, f.Message.ID) })
	for i := range out.Items {
		out.Items[i].Message.Can = nil
	}
	return out, nil
}

// understand reads the operators of a query. What follows one may be in
// quotes. Days are days of the network's zone.
func (s *Service) understand(query string) (Wanted, error) {
	var w Wanted
	var words []string
	wrong := func(message string) error { return problem.Invalid("query.q", message) }
	for _, part := range split(query) {
		name, value, named := strings.Cut(part, ":")
		value = strings.Trim(value, `"`)
		if !named || value == "" || strings.HasPrefix(part, `"`) {
			words = append(words, part)
			continue
		}
		switch strings.ToLower(name) {
		case "from":
			w.From = append(w.From, strings.TrimPrefix(value, "@"))
		case "in":
			w.In = append(w.In, strings.TrimPrefix(value, "#"))
		case "has":
			if value = strings.ToLower(value); value != "file" && value != "link" {
				return w, wrong("has: is followed by file or link")
			}
			w.Has = append(w.Has, value)
		case "after", "before":
			day, err := time.ParseInLocation(time.DateOnly, value, s.zone)
			if err != nil || day.Year() < 1900 || day.Year() > 9000 {
				return w, wrong("before: and after: are followed by a day, such as 2026-03-31")
			}
			if strings.EqualFold(name, "after") {
				w.After = day
			} else {
				w.Before = day
			}
		default:
			words = append(words, part)
		}
	}
	w.Words = strings.Join(words, " ")
	if n := len(words); n > 0 && !strings.ContainsAny(words[n-1], `"-`) {
		w.last = words[n-1]
		w.prefix = strings.Join(strings.FieldsFunc(words[n-1], func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }), " ")
	}
	if w.Words == "" && len(w.From)+len(w.In)+len(w.Has) == 0 && w.After.IsZero() && w.Before.IsZero() {
		return w, wrong("say what to look for")
	}
	return w, nil
}

// optional is nil for a time that was not said.
func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// split cuts a query at spaces that are not in quotes.
func split(query string) []string {
	quoted := false
	return strings.FieldsFunc(query, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return unicode.IsSpace(r) && !quoted
	})
}
