package orgs

import (
	"context"
	"fmt"

	"guildhall/server/access"
	"guildhall/server/ids"
)

// Area is a thing that councils do. There are two levels.
type Area struct {
	ID      ids.ID `json:"id" db:"id"`
	Slug    string `json:"slug" db:"slug"`
	Parent  string `json:"parent" db:"parent" doc:"The slug of the area above, empty at the top"`
	Level   int    `json:"level" db:"level"`
	Label   string `json:"label" db:"label"`
	LabelCy string `json:"labelCy" db:"label_cy" doc:"Welsh, where there is a draft; to be checked by a translator"`
	LGSLIDs []int  `json:"lgslIds" db:"-" nullable:"false" doc:"Numbers in the Local Government Service List"`
}

// Areas gives all service areas, each top-level one before its children.
func (s *Service) Areas(ctx context.Context, _ access.Actor) ([]Area, error) {
	list, err := listAreas(ctx, s.db)
	if err != nil {
		return nil, fmt.Errorf("list service areas: %w", err)
	}
	return list, nil
}

// AllAreas gives all service areas to other features; they are no secret.
func (s *Service) AllAreas(ctx context.Context) ([]Area, error) { return listAreas(ctx, s.db) }
