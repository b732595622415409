package search

import (
	"context"
	"fmt"
	"time"

	"guildhall/server/db"
	"guildhall/server/ids"
)

// mostIndexed keeps a vector below PostgreSQL's limit of 1 MB.
const mostIndexed = 200_000

// putRow is a Doc as its insert takes it: title and terms as they are, and all
// texts once more as the database's parser should see them.
type putRow struct {
	Kind      string              `json:"kind"`
	ID        int64               `json:"id"`
	SpaceID   int64               `json:"space_id"`
	At        time.Time           `json:"at"`
	Facets    map[string][]string `json:"facets"`
	Title     string              `json:"title"`
	Terms     string              `json:"terms"`
	Summary   string              `json:"summary"`
	Text      string              `json:"text"`
	AsTitle   string              `json:"as_title"`
	AsTerms   string              `json:"as_terms"`
	AsSummary string              `json:"as_summary"`
	AsText    string              `json:"as_text"`
}

// Put makes things findable, or findable as they are now. It runs in the
// transaction that writes the things: the two are seen together. No thing may
// be there twice.
func Put(ctx context.Context, tx *db.Tx, docs ...Doc) error {
	if len(docs) == 0 {
		return nil
	}
	rows := make([]putRow, len(docs))
	values := map[facetKey]bool{}
	texts := map[ids.ID][]string{} // by space
	for i, d := range docs {
		title, terms, summary, text := clip(d.Title), clip(d.Terms), clip(d.Summary), clip(d.Text)
		rows[i] = putRow{
			Kind: d.Kind, ID: int64(d.ID), SpaceID: int64(d.SpaceID), At: d.At, Facets: d.Facets, Title: title, Terms: terms, Summary: summary, Text: text,
			AsTitle: forIndex(title), AsTerms: forIndex(terms), AsSummary: forIndex(summary), AsText: forIndex(text),
		}
		if rows[i].Facets == nil {
			rows[i].Facets = map[string][]string{}
		}
		for name, list := range d.Facets {
			for _, v := range list {
				values[facetKey{name, v}] = true
			}
		}
		texts[d.SpaceID] = append(texts[d.SpaceID], title, terms, summary, text)
	}
	if err := insertFacets(ctx, tx, values); err != nil {
		return fmt.Errorf("put facets: %w", err)
	}
	if err := upsertDocuments(ctx, tx, rows); err != nil {
		return fmt.Errorf("put documents: %w", err)
	}
	for space, list := range texts {
		if err := insertWords(ctx, tx, int64(space), spelled(list...)); err != nil {
			return fmt.Errorf("put words: %w", err)
		}
	}
	if err := markDirty(ctx, tx, rows); err != nil {
		return fmt.Errorf("mark documents: %w", err)
	}
	return nil
}

// Drop makes a thing unfindable, in the transaction that takes it away.
func Drop(ctx context.Context, tx *db.Tx, kind string, id ids.ID) error {
	if err := deleteDocument(ctx, tx, kind, int64(id)); err != nil {
		return fmt.Errorf("drop %s %d: %w", kind, id, err)
	}
	if err := markDirty(ctx, tx, []putRow{{Kind: kind, ID: int64(id)}}); err != nil {
		return fmt.Errorf("mark %s %d: %w", kind, id, err)
	}
	return nil
}

// clip also makes the text one that a text column takes.
func clip(s string) string {
	s = noMarks(s)
	if len(s) <= mostIndexed {
		return s
	}
	rs := []rune(s)
	return string(rs[:min(len(rs), mostIndexed/4)])
}

// sweptWords is how many words one Sweep looks at.
const sweptWords = 500

// Sweep forgets words for corrections that stand in no document any more,
// among a few hundred of them chosen by chance: often enough, it comes by all.
// A word that is still there is never offered to who cannot find it.
func (s *Service) Sweep(ctx context.Context) error {
	return s.forgetWords(ctx, sweptWords)
}

func (s *Service) forgetWords(ctx context.Context, most int) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error { return deleteLostWords(ctx, tx, most) })
	if err != nil {
		return fmt.Errorf("forget words: %w", err)
	}
	return nil
}
