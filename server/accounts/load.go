package accounts

import (
	"context"
	"fmt"

	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/ids"
)

// Row is one person to load. Key names the row for ever: loading again finds
// it and changes nothing.
type Row struct {
	Key          string
	Name         string
	Email        string
	Site         access.SiteRole
	Job          string
	Organisation *ids.ID
	About        string
	AskMeAbout   []string
	ServiceAreas []string
}

// Load makes the people that are not there yet and gives the ids of all, by
// key.
func Load(ctx context.Context, tx *db.Tx, rows []Row) (map[string]ids.ID, error) {
	out := map[string]ids.ID{}
	for _, r := range rows {
		id, err := getAccountBySource(ctx, tx, r.Key)
		if err == nil {
			out[r.Key] = id
			continue
		}
		if !db.NoRows(err) {
			return nil, fmt.Errorf("look for %s: %w", r.Key, err)
		}
		if out[r.Key], err = loadRow(ctx, tx, r); err != nil {
			return nil, fmt.Errorf("load %s: %w", r.Key, err)
		}
	}
	return out, nil
}

func loadRow(ctx context.Context, tx *db.Tx, r Row) (ids.ID, error) {
	site := r.Site
	if site == "" {
		site = access.SiteMember
	}
	id, err := insertAccount(ctx, tx, r.Name, site, r.Key)
	if err != nil {
		return 0, err
	}
	if err := insertEmail(ctx, tx, id, cleanEmail(r.Email)); err != nil {
		return 0, err
	}
	if r.Job != "" {
		if err := insertPost(ctx, tx, id, r.Organisation, r.Job, nil, nil); err != nil {
			return 0, err
		}
	}
	p := ProfileEdit{Version: 1, Name: r.Name, About: r.About, AskMeAbout: append([]string{}, r.AskMeAbout...), ServiceAreas: append([]string{}, r.ServiceAreas...), Language: "en"}
	if _, err := updateProfile(ctx, tx, id, p); err != nil {
		return 0, err
	}
	return id, nil
}
