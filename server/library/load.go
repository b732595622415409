package library

import (
	"context"
	"fmt"

	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/markup"
)

// batch is how many stories are written by one statement.
const batch = 500

// storedRow is a row as its insert takes it.
type storedRow struct {
	Row
	ProblemHTML     string `json:"problem_html"`
	WhatWasDoneHTML string `json:"what_was_done_html"`
	OutcomeHTML     string `json:"outcome_html"`
	SourceHash      string `json:"source_hash"`
}

// Load brings stories in: new ones are added and published, and those that
// nobody has edited since the last time are brought up to date. Loading the
// same again changes nothing. Organisations and service areas come first.
func Load(ctx context.Context, tx *db.Tx, rows []Row) error {
	for start := 0; start < len(rows); start += batch {
		if err := load(ctx, tx, rows[start:min(start+batch, len(rows))]); err != nil {
			return fmt.Errorf("load stories: %w", err)
		}
	}
	return nil
}

func load(ctx context.Context, tx *db.Tx, rows []Row) error {
	stored := make([]storedRow, len(rows))
	for i, r := range rows {
		s := storedRow{Row: r, SourceHash: r.hash()}
		for _, section := range []struct {
			from string
			into *string
		}{{r.Problem, &s.ProblemHTML}, {r.WhatWasDone, &s.WhatWasDoneHTML}, {r.Outcome, &s.OutcomeHTML}} {
			html, err := markup.HTML(section.from)
			if err != nil {
				return fmt.Errorf("%s: %w", r.SourceID, err)
			}
			*section.into = html
		}
		stored[i] = s
	}
	loaded, err := upsertStories(ctx, tx, stored)
	if err != nil || len(loaded) == 0 {
		return err
	}
	if err := replaceParts(ctx, tx, loaded, stored); err != nil {
		return err
	}
	touched := make([]ids.ID, 0, len(loaded))
	for _, l := range loaded {
		touched = append(touched, l.ID)
	}
	return put(ctx, tx, touched)
}
