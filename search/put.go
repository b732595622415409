package search

import (
	"context"
	"fmt"
	"slices"

	"guildhall/server/db"
	"guildhall/server/ids"
)

// mostText keeps a vector below PostgreSQL's limit of 1 MB.
const mostIndexed = 200_000

// Put makes a thing findable, or findable as it is now. It runs in the
// transaction that writes the thing: the two are seen together.
func Put(ctx context.Context, tx *db.Tx, d Doc) error {
	d.Title, d.Terms, d.Summary, d.Text = clip(d.Title), clip(d.Terms), clip(d.Summary), clip(d.Text)
	if d.Facets == nil {
		d.Facets = map[string][]string{}
	}
	names, values := facetPairs(d.Facets)
	if err := insertFacets(ctx, tx, names, values); err != nil {
		return fmt.Errorf("put facets: %w", err)
	}
	if err := upsertDocument(ctx, tx, d, names, values); err != nil {
		return fmt.Errorf("put %s %d: %w", d.Kind, d.ID, err)
	}
	if err := insertWords(ctx, tx, spelled(d.Title, d.Terms, d.Summary, d.Text)); err != nil {
		return fmt.Errorf("put words: %w", err)
	}
	if err := markDirty(ctx, tx, d.Kind, int64(d.ID)); err != nil {
		return fmt.Errorf("mark %s %d: %w", d.Kind, d.ID, err)
	}
	return nil
}

// Drop makes a thing unfindable, in the transaction that takes it away.
func Drop(ctx context.Context, tx *db.Tx, kind string, id ids.ID) error {
	if err := deleteDocument(ctx, tx, kind, int64(id)); err != nil {
		return fmt.Errorf("drop %s %d: %w", kind, id, err)
	}
	if err := markDirty(ctx, tx, kind, int64(id)); err != nil {
		return fmt.Errorf("mark %s %d: %w", kind, id, err)
	}
	return nil
}

func clip(s string) string {
	if len(s) <= mostIndexed {
		return s
	}
	rs := []rune(s)
	return string(rs[:min(len(rs), mostIndexed/4)])
}

func facetPairs(facets map[string][]string) (names, values []string) {
	for name, list := range facets {
		for _, v := range list {
			names, values = append(names, name), append(values, v)
		}
	}
	return names, values
}

// RebuildWords makes the list of words for corrections anew, so that words
// which stand nowhere any more go. It returns how many there are.
func (s *Service) RebuildWords(ctx context.Context) (int, error) {
	seen := map[string]bool{}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := eachText(ctx, tx, func(texts ...string) {
			for _, w := range spelled(texts...) {
				seen[w] = true
			}
		}); err != nil {
			return err
		}
		all := make([]string, 0, len(seen))
		for w := range seen {
			all = append(all, w)
		}
		slices.Sort(all)
		if err := deleteWords(ctx, tx); err != nil {
			return err
		}
		return insertWords(ctx, tx, all)
	})
	if err != nil {
		return 0, fmt.Errorf("rebuild words: %w", err)
	}
	return len(seen), nil
}
