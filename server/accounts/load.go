package accounts

import (
	"context"
	"fmt"

	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/ids"
)

// batch is how many people are written by one statement.
const batch = 1000

// Row is one person to load. Key names the row for ever: loading again finds
// it and changes nothing.
type Row struct {
	Key          string          `json:"key"`
	Name         string          `json:"name"`
	Email        string          `json:"email"`
	Site         access.SiteRole `json:"site"`     // a member without one
	Language     string          `json:"language"` // English without one
	About        string          `json:"about"`
	AskMeAbout   []string        `json:"ask_me_about"`
	ServiceAreas []string        `json:"service_areas"` // slugs
	Posts        []RowPost       `json:"-"`
}

// RowPost is a job that a person to load has or had. An organisation is named
// by its code, a day as 2006-01-02.
type RowPost struct {
	AccountID    ids.ID  `json:"account_id"` // set by loading
	Job          string  `json:"job"`
	Organisation string  `json:"organisation"`
	From         *string `json:"starts_on"`
	To           *string `json:"ends_on"`
}

// Load makes the people that are not there yet and gives the ids of all, by
// key. Nobody is told.
func Load(ctx context.Context, tx *db.Tx, rows []Row) (map[string]ids.ID, error) {
	out := make(map[string]ids.ID, len(rows))
	for start := 0; start < len(rows); start += batch {
		if err := load(ctx, tx, rows[start:min(start+batch, len(rows))], out); err != nil {
			return nil, fmt.Errorf("load people: %w", err)
		}
	}
	return out, nil
}

func load(ctx context.Context, tx *db.Tx, rows []Row, out map[string]ids.ID) error {
	keys, slugs := make([]string, len(rows)), []string{}
	for i := range rows {
		r := &rows[i]
		if r.Site == "" {
			r.Site = access.SiteMember
		}
		if r.Language == "" {
			r.Language = "en"
		}
		r.Email = cleanEmail(r.Email)
		r.AskMeAbout, r.ServiceAreas = append([]string{}, r.AskMeAbout...), append([]string{}, r.ServiceAreas...)
		keys[i], slugs = r.Key, append(slugs, r.ServiceAreas...)
	}
	if unknown, err := unknownServiceAreas(ctx, tx, slugs); err != nil {
		return err
	} else if len(unknown) > 0 {
		return fmt.Errorf("there are no service areas %v", unknown)
	}
	fresh, err := insertRows(ctx, tx, rows)
	if err != nil {
		return err
	}
	posts := []RowPost{}
	for _, r := range rows {
		id, ok := fresh[r.Key]
		if !ok {
			continue
		}
		for _, p := range r.Posts {
			p.AccountID = id
			posts = append(posts, p)
		}
	}
	if err := insertPosts(ctx, tx, posts); err != nil {
		return fmt.Errorf("posts: %w", err)
	}
	known, err := accountsBySource(ctx, tx, keys)
	for key, id := range known {
		out[key] = id
	}
	return err
}
