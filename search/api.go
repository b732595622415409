package search

import (
	"context"
	"net/http"
	"time"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/ids"
)

// everythingSize is how many results of each kind a search of everything
// shows.
const everythingSize = 10

// Thing is one result of a search of everything. The HTML is escaped but for
// <mark>.
type Thing struct {
	Kind        string     `json:"kind" doc:"What it is, such as story or topic"`
	ID          ids.ID     `json:"id"`
	Title       string     `json:"title"`
	TitleHTML   string     `json:"titleHtml"`
	ExcerptHTML string     `json:"excerptHtml"`
	Where       string     `json:"where" doc:"The council or space that it belongs to"`
	Path        string     `json:"path" doc:"Its page in the web app"`
	At          *time.Time `json:"at"`
}

// Total is how many results there are of a kind.
type Total struct {
	Kind  string `json:"kind"`
	Total int    `json:"total"`
}

// Things is what a search of everything finds: kind by kind, best first.
type Things struct {
	Items  []Thing `json:"items" nullable:"false"`
	Totals []Total `json:"totals" nullable:"false"`
	Engine string  `json:"engine"`
}

type everythingInput struct {
	Q string `query:"q" maxLength:"500" required:"true" doc:"Words, acronyms or a question"`
}

// Routes adds the endpoint.
func (s *Service) Routes(r *api.Router) {
	s.cardRoutes(r)
	api.Handle(r, api.Op{
		ID: "search-everything", Method: http.MethodGet, Path: "/search", Door: api.SignedIn,
		Summary: "Search everything that I may see", Errors: []int{http.StatusServiceUnavailable},
	}, func(ctx context.Context, who access.Actor, in *everythingInput) (*Things, error) {
		return s.Everything(ctx, who, in.Q)
	})
}

// Everything asks every kind. Without words there is nothing to find.
func (s *Service) Everything(ctx context.Context, who access.Actor, text string) (*Things, error) {
	out := &Things{Items: []Thing{}, Totals: []Total{}, Engine: s.engine.Name()}
	words, err := Words(text)
	if err != nil || len(words) == 0 {
		return out, err
	}
	for _, kind := range s.kinds {
		found, err := s.Find(ctx, who, Question{Kind: kind, Text: text, Sort: Best, Size: everythingSize})
		if err != nil {
			return nil, err
		}
		out.Totals = append(out.Totals, Total{kind, found.Total})
		for _, h := range found.Hits {
			thing := Thing{
				Kind: kind, ID: h.ID, Title: h.Row.Title, TitleHTML: h.TitleHTML, ExcerptHTML: h.ExcerptHTML, Where: h.Row.Where, Path: h.Row.Path,
			}
			if !h.Row.At.IsZero() {
				thing.At = &h.Row.At
			}
			out.Items = append(out.Items, thing)
		}
	}
	return out, nil
}
