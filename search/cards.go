package search

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/ids"
)

// mostOnCard bounds what a card says of its thing.
const mostOnCard = 400

// Card is a thing in a few words, as the person who asks may see it.
type Card struct {
	Kind  string     `json:"kind" doc:"What it is, such as story or topic"`
	ID    ids.ID     `json:"id"`
	Title string     `json:"title"`
	Text  string     `json:"text" doc:"Plain text, at most 400 characters"`
	Where string     `json:"where" doc:"The council, space or room that it belongs to"`
	Path  string     `json:"path" doc:"Its page in the web app"`
	At    *time.Time `json:"at"`
}

// Cards are those that the person may see, of those that they asked for.
type Cards struct {
	Items []Card `json:"items" nullable:"false"`
}

// Show lets cards of a kind be asked for, without its things being searched.
// It is called at start.
func (s *Service) Show(source Source) { s.shown[source.Kind] = source.Hydrate }

type cardsInput struct {
	Of []string `query:"of,explode" required:"true" minItems:"1" maxItems:"100" pattern:"^[a-z]{1,20}:[1-9][0-9]{0,17}$" doc:"Things, such as story:12"`
}

func (s *Service) getCards(ctx context.Context, who access.Actor, in *cardsInput) (*Cards, error) {
	wanted := map[string][]ids.ID{}
	var kinds []string
	for _, of := range in.Of {
		kind, number, _ := strings.Cut(of, ":")
		var id ids.ID
		if err := id.UnmarshalText([]byte(number)); err != nil || s.shown[kind] == nil {
			continue // nothing here has such a name
		}
		if wanted[kind] == nil {
			kinds = append(kinds, kind)
		}
		wanted[kind] = append(wanted[kind], id)
	}
	out := &Cards{Items: []Card{}}
	for _, kind := range kinds {
		rows, err := s.shown[kind](ctx, who, wanted[kind])
		if err != nil {
			return nil, fmt.Errorf("read cards: %w", err)
		}
		for _, id := range wanted[kind] {
			row, ok := rows[id]
			if !ok {
				continue
			}
			delete(rows, id) // asked for twice, shown once
			card := Card{Kind: kind, ID: id, Title: row.Title, Text: brief(row.Text), Where: row.Where, Path: row.Path}
			if !row.At.IsZero() {
				card.At = &row.At
			}
			out.Items = append(out.Items, card)
		}
	}
	return out, nil
}

// brief cuts a text to what a card holds.
func brief(text string) string {
	rs := []rune(text)
	if len(rs) <= mostOnCard {
		return text
	}
	return strings.TrimSpace(string(rs[:mostOnCard-1])) + "…"
}

func (s *Service) cardRoutes(r *api.Router) {
	api.Handle(r, api.Op{
		ID: "list-cards", Method: http.MethodGet, Path: "/cards", Door: api.SignedIn, Summary: "Things in a few words, of those that I may see",
	}, s.getCards)
}
