package chat

import (
	"context"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/markup"
)

// previewsPerMinute is how often one person may look at what they are writing.
const previewsPerMinute = 30

// Preview is how a message will look.
type Preview struct {
	HTML string `json:"html" doc:"Rendered and safe to show"`
}

// Preview renders words that are still being written, as a message would be.
// Nothing is stored. A person has 30 a minute.
func (s *Service) Preview(who access.Actor, body string) (*Preview, error) {
	if err := s.previews.Take(s.now(), who.ID.String()); err != nil {
		return nil, err
	}
	html, err := markup.Chat(body)
	if err != nil {
		return nil, err
	}
	return &Preview{HTML: html}, nil
}

func (s *Service) previewRoutes(r *api.Router) {
	api.Handle(r, api.Op{ID: "preview-markup", Method: "POST", Path: "/markup/preview", Summary: "How a message will look", Door: api.SignedIn, MaxBody: bodySize, Errors: []int{413, 429}}, s.postPreview)
}

type previewInput struct {
	Body struct {
		Body string `json:"body" minLength:"1" maxLength:"8000" doc:"Markdown"`
	}
}

func (s *Service) postPreview(_ context.Context, who access.Actor, in *previewInput) (*Preview, error) {
	return s.Preview(who, in.Body.Body)
}
