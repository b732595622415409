package search

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
)

//go:embed data/synonyms.csv
var synonymsCSV []byte

// meaning is another way to say something, and how sure it is.
type meaning struct {
	text   string
	weight float64
}

const (
	acronymWeight = 0.9 // the same thing written short or long
	aliasWeight   = 0.6 // a near thing
	misspelt      = 1.0
)

// synonyms knows, for each term as Key writes it, what else to look for. It
// is the one source for every engine.
type synonyms struct {
	meanings map[string][]meaning
	words    []string          // terms of one word, sorted
	spelling map[string]string // common misspellings of one word
	longest  int               // words of the longest term
}

func readSynonyms(file []byte) (*synonyms, error) {
	rows, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read synonyms: %w", err)
	}
	s := &synonyms{meanings: map[string][]meaning{}, spelling: map[string]string{}}
	for i, row := range rows[1:] {
		if len(row) < 4 {
			return nil, fmt.Errorf("synonyms, line %d: too few columns", i+2)
		}
		canonical, others, kind, mode := row[0], strings.Split(row[1], "|"), row[2], row[3]
		weight := aliasWeight
		switch kind {
		case "acronym":
			weight = acronymWeight
		case "misspelling":
			weight = misspelt
		}
		s.addGroup(canonical, others, weight, mode == "two_way")
	}
	for term := range s.meanings {
		if len(spelled(term)) == 1 && !strings.Contains(term, " ") {
			s.words = append(s.words, term)
		}
	}
	slices.Sort(s.words)
	return s, nil
}

func (s *synonyms) addGroup(canonical string, others []string, weight float64, both bool) {
	if !both && !strings.Contains(Key(canonical), " ") {
		others = slices.DeleteFunc(others, func(other string) bool {
			wrong := Key(other)
			if strings.Contains(wrong, " ") {
				return false
			}
			s.spelling[wrong] = Key(canonical)
			return true
		})
	}
	all := append([]string{canonical}, others...)
	for i, from := range all {
		for j, to := range all {
			if Key(from) == Key(to) || !both && (i == 0 || j != 0) {
				continue
			}
			s.add(Key(from), Key(to), weight)
		}
	}
}

func (s *synonyms) add(from, to string, weight float64) {
	for i, m := range s.meanings[from] {
		if m.text == to {
			s.meanings[from][i].weight = max(m.weight, weight)
			return
		}
	}
	s.meanings[from] = append(s.meanings[from], meaning{to, weight})
	s.longest = max(s.longest, strings.Count(from, " ")+1)
}

// span is a run of words of a query that the table knows.
type span struct {
	from, to int
	meanings []meaning
}

// spans finds the terms in a query; a term inside a longer one is left out.
func (s *synonyms) spans(words []string) []span {
	var out []span
	for n := min(s.longest, len(words)); n >= 1; n-- {
		for from := 0; from+n <= len(words); from++ {
			to := from + n
			if slices.ContainsFunc(out, func(o span) bool { return o.from <= from && to <= o.to }) {
				continue
			}
			if m := s.lookUp(strings.Join(words[from:to], " ")); m != nil {
				out = append(out, span{from, to, m})
			}
		}
	}
	return out
}

// lookUp takes a term also in the other number.
func (s *synonyms) lookUp(term string) []meaning {
	if m := s.meanings[term]; m != nil {
		return m
	}
	if one, plural := strings.CutSuffix(term, "s"); plural && len(one) > 3 {
		return s.meanings[one]
	}
	if len(term) > 3 {
		return s.meanings[term+"s"]
	}
	return nil
}

// says gives what a term also means, as texts.
func (s *synonyms) says(term string) []string {
	var out []string
	for _, m := range s.meanings[term] {
		out = append(out, m.text)
	}
	return out
}
