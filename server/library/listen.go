package library

import (
	"context"
	"fmt"
	"strings"
	"time"

	"guildhall/search"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/markup"
)

// Follow puts stories into search again when what they are filed under has a
// new name. Loading open data listens with it too, where there is no Service
// yet.
func Follow(bus *events.Bus, d *db.DB) {
	events.Kept(bus, "library.organisation-changed", func(ctx context.Context, e events.OrganisationChanged) error {
		return putAgain(ctx, d, func(tx *db.Tx) ([]ids.ID, error) { return storiesOfOrganisation(ctx, tx, e.OrganisationID) })
	}, nil)
	events.Kept(bus, "library.area-changed", func(ctx context.Context, e events.ServiceAreaChanged) error {
		return putAgain(ctx, d, func(tx *db.Tx) ([]ids.ID, error) { return storiesOfArea(ctx, tx, e.Slug) })
	}, nil)
}

func putAgain(ctx context.Context, d *db.DB, which func(*db.Tx) ([]ids.ID, error)) error {
	err := d.Tx(ctx, func(tx *db.Tx) error {
		list, err := which(tx)
		if err != nil {
			return err
		}
		return put(ctx, tx, list)
	})
	if err != nil {
		return fmt.Errorf("put stories again: %w", err)
	}
	return nil
}

// put makes stories findable as they are now, and unfindable if they are gone.
func put(ctx context.Context, tx *db.Tx, list []ids.ID) error {
	if len(list) == 0 {
		return nil
	}
	rows, err := listDocuments(ctx, tx, list)
	if err != nil {
		return fmt.Errorf("read stories to put: %w", err)
	}
	docs := make([]search.Doc, 0, len(rows))
	for _, r := range rows {
		if r.Gone {
			if err := search.Drop(ctx, tx, Kind, r.ID); err != nil {
				return err
			}
			continue
		}
		docs = append(docs, r.doc())
	}
	return search.Put(ctx, tx, docs...)
}

// document is a story with the names of all that it is filed under.
type document struct {
	ID           ids.ID    `db:"id"`
	SpaceID      ids.ID    `db:"space_id"`
	Gone         bool      `db:"gone"`
	At           time.Time `db:"at"`
	Title        string    `db:"title"`
	Summary      string    `db:"summary"`
	Text         string    `db:"text"`
	Stage        string    `db:"stage"`
	Year         string    `db:"year"`
	Evidence     string    `db:"evidence"`
	LeadName     string    `db:"lead_name"`
	LeadFull     string    `db:"lead_full"`
	Type         string    `db:"type"`
	TypeLabel    string    `db:"type_label"`
	Nation       string    `db:"nation"`
	Region       string    `db:"region"`
	PartnerNames string    `db:"partner_names"`
	Organisation string    `db:"organisations"` // ids, with commas
	AreaSlugs    string    `db:"area_slugs"`    // with commas, those above too
	AreaLabels   string    `db:"area_labels"`
}

func (d document) doc() search.Doc {
	return search.Doc{
		Kind: Kind, ID: d.ID, SpaceID: d.SpaceID, At: d.At, Title: d.Title,
		Terms:   join(d.LeadName, d.LeadFull, d.AreaLabels, d.Stage, d.TypeLabel, d.Region, nation(d.Nation)),
		Summary: join(d.Summary, d.PartnerNames),
		Text:    markup.Plain(d.Text, 100_000),
		Facets: map[string][]string{
			"area": list(d.AreaSlugs), "type": list(d.Type), "region": one(d.Region), "nation": one(d.Nation), "stage": one(d.Stage),
			"year": one(d.Year), "evidence": one(d.Evidence), "organisation": list(d.Organisation),
		},
	}
}

// nation adds how people call what is of the nation.
func nation(name string) string {
	switch name {
	case "Wales":
		return "Wales Welsh Cymru"
	case "Scotland":
		return "Scotland Scottish"
	}
	return name
}

func join(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, ". ")
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
