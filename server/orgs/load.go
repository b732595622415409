package orgs

import (
	"context"
	"fmt"

	"guildhall/search"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
)

type storedRow struct {
	Row
	SourceHash string `json:"source_hash"`
}

type aliasRow struct {
	OrganisationID ids.ID `json:"organisation_id"`
	Name           string `json:"name"`
	Key            string `json:"key"`
	Kind           string `json:"kind"`
}

type loadedRow struct {
	ID    ids.ID `db:"id"`
	Code  string `db:"code"`
	Fresh bool   `db:"fresh"`
}

// Load brings organisations in: new ones are added, and those that nobody has
// edited since the last time are brought up to date. Loading the same again
// changes nothing.
func Load(ctx context.Context, tx *db.Tx, rows []Row) error {
	stored := make([]storedRow, len(rows))
	byCode := map[string]Row{}
	for i, r := range rows {
		stored[i] = storedRow{r, hash(r)}
		byCode[r.Code] = r
	}
	loaded, err := upsertOrganisations(ctx, tx, stored)
	if err != nil {
		return fmt.Errorf("load organisations: %w", err)
	}
	if len(loaded) == 0 {
		return nil // all of it is there already
	}
	aliases := []aliasRow{}
	var touched []ids.ID
	for _, l := range loaded {
		touched = append(touched, l.ID)
		aliases = append(aliases, aliasesOf(l.ID, byCode[l.Code])...)
		if !l.Fresh {
			events.Emit(ctx, tx, events.OrganisationChanged{OrganisationID: l.ID})
		}
	}
	if err := replaceAliases(ctx, tx, touched, aliases); err != nil {
		return fmt.Errorf("load names: %w", err)
	}
	if err := replaceSuccessors(ctx, tx, touched, stored); err != nil {
		return fmt.Errorf("load successors: %w", err)
	}
	if err := addDomains(ctx, tx, touched, stored); err != nil {
		return fmt.Errorf("load domains: %w", err)
	}
	return nil
}

// aliasesOf gives every name of a row once.
func aliasesOf(id ids.ID, r Row) []aliasRow {
	var out []aliasRow
	seen := map[string]bool{}
	for _, a := range append([]Alias{{r.ShortName, "name"}, {r.Name, "name"}}, r.Aliases...) {
		if key := search.Key(a.Name); key != "" && !seen[key] {
			seen[key] = true
			out = append(out, aliasRow{id, a.Name, key, a.Kind})
		}
	}
	return out
}

// LoadAreas brings service areas in, by the same rules as Load.
func LoadAreas(ctx context.Context, tx *db.Tx, rows []AreaRow) error {
	type storedArea struct {
		AreaRow
		SourceHash string `json:"source_hash"`
	}
	// Parents first: a child needs its parent's row.
	for level := 1; level <= 2; level++ {
		part := []storedArea{}
		for _, r := range rows {
			if r.Level == level {
				part = append(part, storedArea{r, hash(r)})
			}
		}
		changed, err := upsertAreas(ctx, tx, part)
		if err != nil {
			return fmt.Errorf("load service areas: %w", err)
		}
		for _, slug := range changed {
			events.Emit(ctx, tx, events.ServiceAreaChanged{Slug: slug})
		}
	}
	return nil
}
