package library

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

//go:embed data/stories.jsonl
var storiesJSONL []byte

// Row is one story to load.
type Row struct {
	SourceID     string     `json:"source_id"`
	SpaceID      int64      `json:"space_id"` // 0 is the whole network
	Title        string     `json:"title"`
	Summary      string     `json:"summary"`
	Problem      string     `json:"problem"`
	WhatWasDone  string     `json:"what_was_done"`
	Outcome      string     `json:"outcome"`
	LeadCode     string     `json:"lead_code"`
	LeadName     string     `json:"lead_name"`
	Partners     []RowNamed `json:"partners"`
	Areas        []string   `json:"areas"` // slugs
	Year         *int       `json:"year"`
	YearCertain  bool       `json:"year_certain"`
	Stage        string     `json:"stage"`
	Evidence     string     `json:"evidence"`
	EvidenceNote string     `json:"evidence_note"`
	Sources      []Source   `json:"sources"`
	Licence      string     `json:"licence"`
	CheckedOn    *string    `json:"last_checked_on"`
}

// RowNamed is a partner in a row: a council by its code, or a name.
type RowNamed struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

const (
	evidenceNote = "Restated from published pages, of which only the opening was read. Nobody has checked the figures, and the council has not been asked."
	ownLicence   = "Our own words, from the facts in the sources named. The sources have their own terms."
	readOn       = "2026-11-23" // when the data was gathered, says its README
)

// Stories gives the stories that come with the program. They were restated
// from published pages; data/README.md says how.
func Stories() ([]Row, error) {
	type record struct {
		ID           string   `json:"id"`
		Title        string   `json:"title"`
		Lead         string   `json:"lead_council"`
		LeadCode     string   `json:"lead_code"`
		Partners     []string `json:"partner_councils"`
		PartnerCodes []string `json:"partner_codes"`
		Areas        []string `json:"service_areas"`
		Year         int      `json:"year"`
		YearCertain  bool     `json:"year_certain"`
		Stage        string   `json:"stage"`
		Problem      string   `json:"problem"`
		WhatWasDone  string   `json:"what_was_done"`
		Outcome      string   `json:"outcome"`
		SourceURL    string   `json:"source_url"`
		SourceName   string   `json:"source_name"`
	}
	checked := readOn
	var rows []Row
	lines := bufio.NewScanner(bytes.NewReader(storiesJSONL))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("stories.jsonl, line %d: %w", len(rows)+1, err)
		}
		row := Row{
			SourceID: r.ID, Title: r.Title, Problem: r.Problem, WhatWasDone: r.WhatWasDone, Outcome: r.Outcome,
			LeadCode: r.LeadCode, LeadName: r.Lead, Areas: r.Areas, Year: &r.Year, YearCertain: r.YearCertain, Stage: r.Stage,
			Evidence: "published account", EvidenceNote: evidenceNote, Licence: ownLicence, CheckedOn: &checked,
			Sources: []Source{{URL: r.SourceURL, Name: r.SourceName}},
		}
		for i, name := range r.Partners {
			p := RowNamed{Name: name}
			if i < len(r.PartnerCodes) {
				p.Code = r.PartnerCodes[i]
			}
			row.Partners = append(row.Partners, p)
		}
		rows = append(rows, row)
	}
	return rows, lines.Err()
}

// hash names the content of a row, so that loading sees what has changed.
func (r Row) hash() string {
	b, err := json.Marshal(r)
	if err != nil {
		panic(err) // rows are plain values
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
