package search

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// candidate is a known word that may be meant by one that is found nowhere.
type candidate struct {
	word  string
	slips int
	far   bool // another first letter: seldom mistyped
	finds int
}

// correct looks again for words that nothing has: as the beginning of a
// longer word, as two words, and as the likeliest known word. Only what this
// person can find counts, so that a correction tells nothing of what is
// hidden.
func (s *pgSearch) correct(ctx context.Context) error {
	if err := s.loosen(ctx); err != nil {
		return err
	}
	dead := s.dead()
	if len(dead) > 0 {
		var err error
		if dead, err = s.rescue(ctx, dead); err != nil {
			return err
		}
	}
	lost, odd, err := s.suspects(ctx, dead)
	if err != nil || len(lost)+len(odd) == 0 {
		return err
	}
	like, err := likeWords(ctx, s.tx, s.q.Spaces, append(lost, odd...))
	if err != nil {
		return fmt.Errorf("find like words: %w", err)
	}
	chosen, err := s.choose(ctx, like, odd)
	if err != nil || len(chosen) == 0 {
		return err
	}
	s.apply(chosen, odd)
	if err := s.analyse(ctx); err != nil {
		return err
	}
	s.plan.settle()
	return s.fetch(ctx)
}

// suspects gives the words that nothing has, and those that nobody has ever
// written so though their stem is known: planing stems like plane.
func (s *pgSearch) suspects(ctx context.Context, dead []int) (lost, odd []string, err error) {
	words := []string{}
	for i, t := range s.plan.terms {
		w := s.plan.words[t.at]
		switch {
		case t.must || t.filler || slips(w) == 0:
		case slices.Contains(dead, i):
			lost = append(lost, w)
		default:
			words = append(words, w)
		}
	}
	known, err := knownWords(ctx, s.tx, s.q.Spaces, words)
	if err != nil {
		return nil, nil, fmt.Errorf("look up spellings: %w", err)
	}
	for _, w := range words {
		switch {
		case len(spelled(w)) == 0 || slices.Contains(known, w):
		case s.engine.table.spelling[w] != "":
			lost = append(lost, w)
		default:
			odd = append(odd, w)
		}
	}
	return lost, odd, nil
}

// apply puts the chosen words into the plan: instead of a word that nothing
// has, beside one that only looks odd.
func (s *pgSearch) apply(chosen map[string]string, odd []string) {
	with := map[int]string{}
	for i, w := range s.plan.words {
		if to, ok := chosen[w]; ok && !s.plan.quoted[i] && !slices.Contains(odd, w) {
			with[i] = to
		}
	}
	kept := s.parted()
	if len(with) > 0 {
		s.plan, s.fixed = s.plan.replace(with, s.q.Names, s.engine.table), true
	}
	for i := range s.plan.terms {
		t := &s.plan.terms[i]
		if w, ok := kept[t.at]; ok {
			s.plan.add(i, w)
		}
		if to, ok := chosen[s.plan.words[t.at]]; ok && !t.must {
			s.plan.add(i, way{text: to, weight: oddWeight, kind: guessed})
		}
	}
}

// loosen lets the words of a synonym stand apart where next to nothing has
// the synonym as it is: a gazetteer of addresses is an address gazetteer.
func (s *pgSearch) loosen(ctx context.Context) error {
	for i := range s.plan.terms {
		t := &s.plan.terms[i]
		found := 0
		for _, w := range t.ways {
			found = max(found, len(s.lists[w.query]))
		}
		if t.filler || t.must || found >= enoughFinds {
			continue
		}
		for _, w := range t.ways {
			if w.kind == synonym && len(w.phrase) > 1 {
				w.kind, w.loose, w.weight = scattered, true, w.weight*looseWeight
				s.plan.add(i, w)
			}
		}
	}
	return s.fetch(ctx)
}

// enoughFinds is how many finds make looking further needless.
const enoughFinds = 3

// dead lists the terms that nothing has.
func (s *pgSearch) dead() []int {
	var out []int
	for i, t := range s.plan.terms {
		if !t.must && !t.filler && !slices.ContainsFunc(t.ways, func(w way) bool { return len(s.lists[w.query]) > 0 }) {
			out = append(out, i)
		}
	}
	return out
}

// rescue tries a dead term as two words, and the last one as the beginning of
// a word in the texts. It gives the terms that are dead still.
func (s *pgSearch) rescue(ctx context.Context, dead []int) ([]int, error) {
	for _, t := range dead {
		tm := &s.plan.terms[t]
		for _, two := range partings(s.plan.words[tm.at]) {
			s.plan.add(t, way{text: two, weight: aloneWeight, kind: parted})
		}
	}
	if err := s.analyse(ctx); err != nil {
		return nil, err
	}
	if err := s.fetch(ctx); err != nil {
		return nil, err
	}
	last := &s.plan.terms[dead[len(dead)-1]]
	for i := range last.ways {
		if w := &last.ways[i]; w.prefix {
			lists, err := postings(ctx, s.tx, s.q.Kind, s.q.Spaces, []string{w.query})
			if err != nil {
				return nil, fmt.Errorf("look up a begun word: %w", err)
			}
			s.lists[w.query], w.weight = lists[0], aloneWeight
		}
	}
	for _, t := range dead {
		s.plan.terms[t].ways = slices.DeleteFunc(s.plan.terms[t].ways, func(w way) bool {
			return w.kind == parted && (len(w.phrase) < 2 || len(s.lists[w.query]) == 0)
		})
	}
	return s.dead(), nil
}

// parted gives the ways with two words that were found, by place of the word.
func (s *pgSearch) parted() map[int]way {
	out := map[int]way{}
	for _, t := range s.plan.terms {
		for _, w := range t.ways {
			if w.kind == parted {
				out[t.at] = w
			}
		}
	}
	return out
}

// choose picks the likeliest word for each: the fewest slips, the same first
// letter, the most finds, by itself or by what it means.
func (s *pgSearch) choose(ctx context.Context, like map[string][]string, odd []string) (map[string]string, error) {
	options := map[string][]candidate{}
	var texts []string
	for typed, words := range like {
		most := slips(typed)
		if slices.Contains(odd, typed) {
			most = 1
		} else {
			words = append(words, s.engine.table.words...)
		}
		options[typed] = candidates(typed, words, most)
		if right := s.engine.table.spelling[typed]; right != "" {
			options[typed] = []candidate{{word: right}}
		}
		for _, c := range options[typed] {
			texts = append(append(texts, c.word), s.engine.table.says(c.word)...)
		}
	}
	found, err := s.finds(ctx, texts)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for typed, list := range options {
		for i := range list {
			list[i].finds = found[list[i].word]
			for _, text := range s.engine.table.says(list[i].word) {
				list[i].finds = max(list[i].finds, found[text])
			}
		}
		list = slices.DeleteFunc(list, func(c candidate) bool { return c.finds == 0 })
		if len(list) > 0 {
			out[typed] = slices.MinFunc(list, func(a, b candidate) int {
				return cmp.Or(cmp.Compare(a.cost(), b.cost()), cmp.Compare(b.finds, a.finds), cmp.Compare(a.word, b.word))
			}).word
		}
	}
	return out, nil
}

// candidates are the words that could be meant, at most eight.
func candidates(typed string, words []string, most int) []candidate {
	var list []candidate
	for _, w := range words {
		if slices.ContainsFunc(list, func(c candidate) bool { return c.word == w }) {
			continue
		}
		n := distance(typed, w, most)
		far := []rune(w)[0] != []rune(typed)[0]
		if n > 0 && n <= most && (!far || slips(typed) > 1) {
			list = append(list, candidate{word: w, slips: n, far: far})
		}
	}
	slices.SortFunc(list, func(a, b candidate) int { return cmp.Or(cmp.Compare(a.cost(), b.cost()), cmp.Compare(a.word, b.word)) })
	return list[:min(len(list), 8)]
}

func (c candidate) cost() int {
	if c.far {
		return c.slips + 1
	}
	return c.slips
}

// finds counts what each word finds.
func (s *pgSearch) finds(ctx context.Context, words []string) (map[string]int, error) {
	vectors, err := analyse(ctx, s.tx, words)
	if err != nil {
		return nil, fmt.Errorf("analyse corrections: %w", err)
	}
	queries := make([]string, len(words))
	for i, v := range vectors {
		queries[i] = tsquery(lexemes([]byte(v)), false, false)
	}
	lists, err := postings(ctx, s.tx, s.q.Kind, s.q.Spaces, queries)
	if err != nil {
		return nil, fmt.Errorf("look up corrections: %w", err)
	}
	out := map[string]int{}
	for i, w := range words {
		out[w] = len(lists[i])
	}
	return out, nil
}

// correction tells what was looked for instead.
func (s *pgSearch) correction() *Correction {
	if !s.fixed {
		return nil
	}
	return &Correction{From: strings.TrimSpace(s.q.Text), To: strings.Join(s.plan.words, " ")}
}
