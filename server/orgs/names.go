package orgs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"guildhall/search"
	"guildhall/server/ids"
)

// longestName is how many words of a query may be one name.
const longestName = 8

// mostChips is how many organisations a name is offered for.
const mostChips = 3

// Names recognises names and nicknames of organisations in the words of a
// query; of two that overlap the longer one. Abolished ones count only where
// no current one has the name.
func (s *Service) Names(ctx context.Context, words []string) ([]search.Name, error) {
	keys := []string{}
	for from := range words {
		for to := from + 1; to <= min(len(words), from+longestName); to++ {
			keys = append(keys, strings.Join(words[from:to], " "))
		}
	}
	rows, err := findNames(ctx, s.db, keys)
	if err != nil {
		return nil, fmt.Errorf("find names of organisations: %w", err)
	}
	byKey := map[string][]namedRow{}
	for _, r := range rows {
		byKey[r.Key] = append(byKey[r.Key], r)
	}
	var out []search.Name
	for n := min(len(words), longestName); n >= 1; n-- {
		for from := 0; from+n <= len(words); from++ {
			taken := slices.ContainsFunc(out, func(o search.Name) bool { return from < o.To && o.From < from+n })
			if rows := byKey[strings.Join(words[from:from+n], " ")]; len(rows) > 0 && !taken {
				out = append(out, name(from, from+n, words, rows))
			}
		}
	}
	slices.SortFunc(out, func(a, b search.Name) int { return a.From - b.From })
	return out, nil
}

func name(from, to int, words []string, rows []namedRow) search.Name {
	if slices.ContainsFunc(rows, func(r namedRow) bool { return r.Current }) {
		rows = slices.DeleteFunc(rows, func(r namedRow) bool { return !r.Current })
	}
	n := search.Name{From: from, To: to}
	for _, r := range rows {
		n.Names = append(n.Names, r.ShortName)
		if len(n.Chips) < mostChips {
			n.Chips = append(n.Chips, search.Chip{
				Kind: "organisation", Value: r.ID.String(), Label: r.ShortName, Text: strings.Join(words[from:to], " "),
			})
		}
	}
	return n
}

type namedRow struct {
	Key       string `db:"key"`
	ID        ids.ID `db:"id"`
	ShortName string `db:"short_name"`
	Current   bool   `db:"current"`
}
