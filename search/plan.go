package search

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// plan is a query taken apart: terms that should be found, each in several
// ways.
type plan struct {
	words  []string
	quoted []bool // by word
	open   bool   // the last word may be unfinished
	terms  []term
}

// term is one word of the query, or one phrase in quotes.
type term struct {
	at     int  // which word; of a phrase the first
	filler bool // says little; need not be found
	must   bool // stood in quotes
	ways   []way
	idf    float64
}

// way is one way to find a term.
type way struct {
	text   string
	weight float64
	kind   wayKind
	phrase []lexeme
	prefix bool   // the last word of phrase is only begun
	loose  bool   // the words of phrase may stand anywhere
	query  string // phrase as a tsquery
	idf    float64
}

type wayKind byte

const (
	literal wayKind = iota
	synonym
	named
	joined
	begun
	parted
	scattered
	guessed
)

const (
	begunWeight  = 0.4 // beside the whole word
	aloneWeight  = 0.8 // a begun or parted word, when there is no whole one
	looseWeight  = 0.5 // of a synonym whose words do not stand together
	joinedWeight = 1.0
	fillerWeight = 0.25
	oddWeight    = 0.7 // of a word that is spelled almost so
)

func newPlan(q Query, table *synonyms) (*plan, error) {
	words, err := Words(q.Text)
	if err != nil {
		return nil, err
	}
	p := &plan{words: words, quoted: make([]bool, len(words))}
	p.open = len(words) > 0 && !strings.HasSuffix(q.Text, " ") && !strings.HasSuffix(q.Text, `"`)
	for _, run := range quoted(q.Text) {
		for i := run[0]; i < min(run[1], len(words)); i++ {
			p.quoted[i] = true
		}
		text := strings.Join(words[run[0]:min(run[1], len(words))], " ")
		p.terms = append(p.terms, term{at: run[0], must: true, ways: []way{{text: text, weight: 1}}})
	}
	p.fill(q.Names, table)
	return p, nil
}

// fill adds the words outside quotes with all ways to find them.
func (p *plan) fill(names []Name, table *synonyms) {
	at := make([]int, len(p.words)) // the term of each word
	for i, w := range p.words {
		at[i] = -1
		if !p.quoted[i] {
			at[i] = len(p.terms)
			p.terms = append(p.terms, term{at: i, filler: fillers[w], ways: []way{{text: w, weight: 1}}})
		}
	}
	p.addMeanings(table, at)
	p.addNames(names, at)
	p.addJoined(at)
	if n := len(p.words); p.open && at[n-1] >= 0 && utf8.RuneCountInString(p.words[n-1]) >= 3 {
		p.add(at[n-1], way{text: p.words[n-1], weight: begunWeight, kind: begun, prefix: true})
	}
}

// replace makes the plan anew with other words in some places.
func (p *plan) replace(with map[int]string, names []Name, table *synonyms) *plan {
	fresh := &plan{words: slices.Clone(p.words), quoted: p.quoted, open: p.open}
	for i, w := range with {
		fresh.words[i] = w
	}
	for _, t := range p.terms {
		if t.must {
			fresh.terms = append(fresh.terms, t)
		}
	}
	fresh.fill(names, table)
	return fresh
}

// marks is everything that is looked for. What is found only by words that
// stand anywhere is not marked: they mean little one by one.
func (p *plan) marks() Marks {
	var m Marks
	var all []string
	for _, t := range p.terms {
		for _, w := range t.ways {
			if t.filler || w.query == "" || w.loose || slices.Contains(all, w.query) {
				continue
			}
			all = append(all, w.query)
			switch {
			case len(w.phrase) > 1:
				m.phrases = append(m.phrases, w.phrase)
			case w.prefix:
				m.begun = append(m.begun, w.phrase[0].word)
			default:
				m.words = append(m.words, w.phrase[0].word)
			}
		}
	}
	m.query = strings.Join(all, " | ")
	return m
}

// add gives a term one more way, unless it has it.
func (p *plan) add(t int, w way) {
	if t < 0 || slices.ContainsFunc(p.terms[t].ways, func(o way) bool { return o.text == w.text && o.prefix == w.prefix && o.loose == w.loose }) {
		return
	}
	p.terms[t].ways = append(p.terms[t].ways, w)
}

// addMeanings lets every word of a known term be found by what the term also
// means: telecare stands for each word of technology enabled care.
func (p *plan) addMeanings(table *synonyms, at []int) {
	for _, s := range table.spans(p.words) {
		for i := s.from; i < s.to; i++ {
			if at[i] < 0 {
				continue
			}
			if s.to-s.from > 1 {
				p.terms[at[i]].filler = false
			}
			for _, m := range s.meanings {
				p.add(at[i], way{text: m.text, weight: m.weight, kind: synonym})
			}
		}
	}
}

// addNames lets a nickname be found by the names that documents use.
func (p *plan) addNames(names []Name, at []int) {
	for _, n := range names {
		for i := n.From; i < min(n.To, len(at)); i++ {
			for _, name := range n.Names {
				p.add(at[i], way{text: Key(name), weight: 1, kind: named})
			}
		}
	}
}

// addJoined lets two words be found written as one: chat bot, chatbot.
func (p *plan) addJoined(at []int) {
	for i := 0; i+1 < len(p.words); i++ {
		if at[i] < 0 || at[i+1] < 0 || p.terms[at[i]].filler || p.terms[at[i+1]].filler {
			continue
		}
		one := way{text: p.words[i] + p.words[i+1], weight: joinedWeight, kind: joined}
		p.add(at[i], one)
		p.add(at[i+1], one)
	}
}

// settle drops what has no words for the index, such as stop words, and lets
// fillers count if there is nothing else. A stop word that could only be found
// joined to its neighbour goes too: nobody looks for it, and nothing having it
// would be taken for a typing error.
func (p *plan) settle() {
	for i := range p.terms {
		silent := func(w way) bool { return len(w.phrase) == 0 }
		stop := slices.ContainsFunc(p.terms[i].ways, func(w way) bool { return w.kind == literal && silent(w) })
		p.terms[i].ways = slices.DeleteFunc(p.terms[i].ways, silent)
		if stop && !slices.ContainsFunc(p.terms[i].ways, func(w way) bool { return w.kind != joined }) {
			p.terms[i].ways = nil
		}
	}
	p.terms = slices.DeleteFunc(p.terms, func(t term) bool { return len(t.ways) == 0 })
	if !slices.ContainsFunc(p.terms, func(t term) bool { return !t.filler }) {
		for i := range p.terms {
			p.terms[i].filler = false
		}
	}
}

// partings are the ways to write a word as two.
func partings(word string) []string {
	rs := []rune(word)
	var out []string
	for i := 2; len(rs) >= 5 && len(rs) <= longestWord && i <= len(rs)-2; i++ {
		out = append(out, string(rs[:i])+" "+string(rs[i:]))
	}
	return out
}

// distance is the least number of letters to add, drop, change or swap with a
// neighbour to make b from a (optimal string alignment), or most+1 if it is
// more than most.
func distance(a, b string, most int) int {
	x, y := []rune(a), []rune(b)
	if d := len(x) - len(y); d > most || -d > most {
		return most + 1
	}
	two, one, cur := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range one {
		one[j] = j
	}
	for i := 1; i <= len(x); i++ {
		cur[0] = i
		least := i
		for j := 1; j <= len(y); j++ {
			change := 1
			if x[i-1] == y[j-1] {
				change = 0
			}
			cur[j] = min(one[j]+1, cur[j-1]+1, one[j-1]+change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				cur[j] = min(cur[j], two[j-2]+1)
			}
			least = min(least, cur[j])
		}
		if least > most {
			return most + 1
		}
		two, one, cur = one, cur, two
	}
	return min(one[len(y)], most+1)
}

// slips is how many typing errors are forgiven in a word.
func slips(word string) int {
	switch n := utf8.RuneCountInString(word); {
	case n < 4 || n > longestWord:
		return 0
	case n < 7:
		return 1
	}
	return 2
}
