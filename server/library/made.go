package library

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// Made writes stories for measuring: any number, the same each time, with the
// vocabulary of the real ones and made-up words beside it. They are led by
// the councils of orgs.Made and say of themselves that they are made up.
type Made struct {
	words []string // by how often they are used
	areas []string
	leads int
}

const (
	madeUpWords = 20_000
	madeUpNote  = "Made up for measuring. Nobody did this."
)

var madeStages = []string{"live", "live", "live", "pilot", "discovery", "beta", "alpha", "business case", "evaluation"}

// NewMade prepares the vocabulary from the real stories. areas are slugs of
// service areas; leads is how many made-up councils there are.
func NewMade(real []Row, areas []string, leads int) *Made {
	counts := map[string]int{}
	for _, r := range real {
		for w := range strings.FieldsSeq(strings.ToLower(r.Title + " " + r.Problem + " " + r.WhatWasDone + " " + r.Outcome)) {
			if w = strings.Trim(w, ".,;:()'\"?!"); w != "" {
				counts[w]++
			}
		}
	}
	m := &Made{areas: areas, leads: leads}
	for w := range counts {
		m.words = append(m.words, w)
	}
	slices.SortFunc(m.words, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	syllables := []string{"ba", "cor", "del", "fen", "gal", "hu", "jin", "kel", "lom", "mar", "nev", "or", "pil", "qua", "ros", "sten", "tor", "ul", "vam", "wen"}
	draw := rand.New(rand.NewPCG(7, 7))
	for range madeUpWords {
		var b strings.Builder
		for range 2 + draw.IntN(3) {
			b.WriteString(syllables[draw.IntN(len(syllables))])
		}
		m.words = append(m.words, b.String())
	}
	return m
}

// Story gives the story of this number, from 0.
func (m *Made) Story(n int) Row {
	draw := rand.New(rand.NewPCG(uint64(n), 42))
	year := 2011 + draw.IntN(15)
	areas := []string{}
	for len(areas) < 1+draw.IntN(3) {
		if a := m.areas[draw.IntN(len(m.areas))]; !slices.Contains(areas, a) {
			areas = append(areas, a)
		}
	}
	lead := draw.IntN(m.leads) + 1
	row := Row{
		SourceID: fmt.Sprintf("load-%07d", n+1), Title: m.sentence(draw, 5+draw.IntN(6)), Problem: m.sentences(draw, 40), WhatWasDone: m.sentences(draw, 50),
		Outcome: m.sentences(draw, 50), LeadCode: fmt.Sprintf("LOAD-%04d", lead), LeadName: fmt.Sprintf("Loadshire %d", lead), Areas: areas,
		Year: &year, YearCertain: true, Stage: madeStages[draw.IntN(len(madeStages))], Evidence: "published account", EvidenceNote: madeUpNote,
		Licence: madeUpNote, Sources: []Source{},
	}
	for range draw.IntN(3) {
		p := draw.IntN(m.leads) + 1
		row.Partners = append(row.Partners, RowNamed{Code: fmt.Sprintf("LOAD-%04d", p), Name: fmt.Sprintf("Loadshire %d", p)})
	}
	return row
}

// word draws by Zipf's law with the exponent 1: the common words of real
// stories come often, most made-up ones seldom.
func (m *Made) word(draw *rand.Rand) string {
	rank := int(math.Exp(draw.Float64()*math.Log(float64(len(m.words))))) - 1
	return m.words[min(rank, len(m.words)-1)]
}

func (m *Made) sentence(draw *rand.Rand, words int) string {
	list := make([]string, words)
	for i := range list {
		list[i] = m.word(draw)
	}
	s := strings.Join(list, " ")
	return strings.ToUpper(s[:1]) + s[1:]
}

func (m *Made) sentences(draw *rand.Rand, words int) string {
	var out []string
	for words > 0 {
		n := min(words, 8+draw.IntN(12))
		out = append(out, m.sentence(draw, n)+".")
		words -= n
	}
	return strings.Join(out, " ")
}
