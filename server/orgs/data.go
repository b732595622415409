package orgs

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"guildhall/search"
)

//go:embed data/councils.csv
var councilsCSV []byte

//go:embed data/nicknames.csv
var nicknamesCSV []byte

//go:embed data/service-areas.csv
var areasCSV []byte

// Row is one organisation to load.
type Row struct {
	Code                 string   `json:"code"`
	GSSCode              string   `json:"gss_code"`
	Slug                 string   `json:"slug"`
	Name                 string   `json:"name"`
	ShortName            string   `json:"short_name"`
	Type                 string   `json:"type"`
	TypeLabel            string   `json:"type_label"`
	Tier                 string   `json:"tier"`
	Nation               string   `json:"nation"`
	Region               string   `json:"region"`
	CountyCode           string   `json:"county_code"`
	CombinedCode         string   `json:"combined_authority_code"`
	Population           *int     `json:"population"`
	AreaKm2              *float64 `json:"area_km2"`
	DensityPerKm2        *float64 `json:"density_per_km2"`
	Latitude             *float64 `json:"latitude"`
	Longitude            *float64 `json:"longitude"`
	RuralUrban           string   `json:"rural_urban"`
	UrbanShare           *float64 `json:"urban_share"`
	RuralShare           *float64 `json:"rural_share"`
	HighlyRuralShare     *float64 `json:"highly_rural_share"`
	IMDQuintile          *int     `json:"imd_quintile"`
	IMDDecile            *int     `json:"imd_decile"`
	DeprivationScore     *float64 `json:"deprivation_score"`
	HighDeprivationShare *float64 `json:"high_deprivation_share"`
	Homepage             string   `json:"homepage"`
	CustodianCode        string   `json:"custodian_code"`
	Current              bool     `json:"current"`
	StartsOn             *string  `json:"starts_on"`
	EndsOn               *string  `json:"ends_on"`
	LGRArea              string   `json:"lgr_area"`
	LGRPlannedOn         *string  `json:"lgr_planned_on"`
	LGRPlannedSuccessors string   `json:"lgr_planned_successors"`
	DataNote             string   `json:"data_note"`
	MadeUp               bool     `json:"made_up"`
	Aliases              []Alias  `json:"aliases"`
	Successors           []string `json:"successors"` // codes
	WebDomain            string   `json:"web_domain"`
}

// Alias is one more name. Kind is other, nickname or misspelling; the names
// of the row itself are added by loading.
type Alias struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
}

// AreaRow is one service area to load.
type AreaRow struct {
	Slug        string   `json:"slug"`
	Parent      string   `json:"parent"`
	Level       int      `json:"level"`
	Sort        int      `json:"sort"`
	Label       string   `json:"label"`
	LabelCy     string   `json:"label_cy"`
	RevenueForm string   `json:"revenue_form"`
	RevenueLine string   `json:"revenue_line"`
	LGSLIDs     []int    `json:"lgsl_ids"`
	LGSLTitles  []string `json:"lgsl_titles"`
}

// types are the kinds of organisations in the open data, with the words that
// councils use.
var types = map[string]struct{ slug, label string }{
	"NMD":  {"district", "District council"},
	"CTY":  {"county", "County council"},
	"UA":   {"unitary", "Unitary council"},
	"MD":   {"metropolitan", "Metropolitan borough"},
	"LBO":  {"london-borough", "London borough"},
	"CC":   {"city-of-london", "City of London Corporation"},
	"COMB": {"combined-authority", "Combined authority"},
	"SRA":  {"greater-london", "Greater London Authority"},
	"SCO":  {"scottish", "Scottish council"},
	"WPA":  {"welsh", "Welsh council"},
	"NID":  {"northern-ireland", "Northern Ireland district"},

	"PARTNER": {"partner", "Partner organisation"}, // ours: the data has councils only
}

// Type gives the kind of an organisation by its code in the open data: the
// name that filters take and the words that councils use.
func Type(code string) (slug, label string, ok bool) {
	t, ok := types[code]
	return t.slug, t.label, ok
}

// Councils gives the UK's councils and combined authorities, current and
// abolished. data/README.md names the sources.
func Councils() ([]Row, error) {
	records, err := readCSV(councilsCSV)
	if err != nil {
		return nil, fmt.Errorf("councils.csv: %w", err)
	}
	nicknames, err := readCSV(nicknamesCSV)
	if err != nil {
		return nil, fmt.Errorf("nicknames.csv: %w", err)
	}
	known := map[string][]Alias{}
	for _, n := range nicknames {
		known[n["code"]] = append(known[n["code"]], Alias{n["name"], "nickname"})
	}
	rows := make([]Row, 0, len(records))
	for _, r := range records {
		t, ok := types[r["type_code"]]
		if !ok {
			return nil, fmt.Errorf("councils.csv: %s has the unknown type %q", r["code"], r["type_code"])
		}
		row := Row{
			Code: r["code"], GSSCode: r["gss_code"], Slug: r["gov_uk_slug"], Name: r["name"], ShortName: shortName(r),
			Type: t.slug, TypeLabel: t.label, Tier: r["tier"], Nation: r["nation"], Region: r["region"],
			CountyCode: r["county_code"], CombinedCode: r["combined_authority_code"], RuralUrban: r["rural_urban"],
			Homepage: r["homepage_url"], CustodianCode: r["os_custodian_code"], Current: r["current"] == "1",
			StartsOn: day(r["start_date"]), EndsOn: day(r["end_date"]), LGRArea: r["lgr_area"], LGRPlannedOn: day(r["lgr_planned_date"]),
			LGRPlannedSuccessors: r["lgr_planned_successors"], DataNote: r["data_note"], WebDomain: strings.ToLower(r["web_domain"]),
		}
		if err := row.figures(r); err != nil {
			return nil, fmt.Errorf("councils.csv: %s: %w", row.Code, err)
		}
		for name := range strings.SplitSeq(r["alt_names"], "|") {
			if telling(name) {
				row.Aliases = append(row.Aliases, Alias{strings.TrimSpace(name), "other"})
			}
		}
		row.Aliases = append(row.Aliases, known[row.Code]...)
		for code := range strings.SplitSeq(r["replaced_by"], ",") {
			if code != "" {
				row.Successors = append(row.Successors, strings.TrimSpace(code))
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// shortName takes the official name where the data warns of the short one.
func shortName(r map[string]string) string {
	if strings.Contains(r["data_note"], "short name is wrong") {
		return r["name"]
	}
	return strings.TrimSuffix(r["short_name"], " Council")
}

// telling drops names from the data that would fit half of all councils, such
// as "city of", or that are an ordinary small word.
func telling(name string) bool {
	for w := range strings.FieldsSeq(search.Key(name)) {
		switch w {
		case "city", "of", "and", "the", "county", "council", "borough", "district", "london", "down":
		default:
			return true
		}
	}
	return false
}

// figures reads the columns that are numbers; an empty one is unknown.
func (row *Row) figures(r map[string]string) error {
	for column, into := range map[string]**float64{
		"area_km2": &row.AreaKm2, "density_per_km2": &row.DensityPerKm2, "lat": &row.Latitude, "lon": &row.Longitude,
		"pct_urban": &row.UrbanShare, "pct_rural": &row.RuralShare, "pct_highly_rural": &row.HighlyRuralShare,
		"deprivation_score": &row.DeprivationScore, "pct_pop_high_deprivation": &row.HighDeprivationShare,
	} {
		if r[column] == "" {
			continue
		}
		f, err := strconv.ParseFloat(r[column], 64)
		if err != nil {
			return fmt.Errorf("%s: %w", column, err)
		}
		*into = &f
	}
	for column, into := range map[string]**int{"population": &row.Population, "imd_quintile": &row.IMDQuintile, "imd_decile": &row.IMDDecile} {
		if r[column] == "" {
			continue
		}
		n, err := strconv.Atoi(r[column])
		if err != nil {
			return fmt.Errorf("%s: %w", column, err)
		}
		*into = &n
	}
	return nil
}

// Areas gives the service areas that come with the program, parents first.
func Areas() ([]AreaRow, error) {
	records, err := readCSV(areasCSV)
	if err != nil {
		return nil, fmt.Errorf("service-areas.csv: %w", err)
	}
	rows := make([]AreaRow, 0, len(records))
	for _, r := range records {
		level, err := strconv.Atoi(r["level"])
		if err != nil {
			return nil, fmt.Errorf("service-areas.csv: %s: level: %w", r["slug"], err)
		}
		sort, err := strconv.Atoi(r["sort"])
		if err != nil {
			return nil, fmt.Errorf("service-areas.csv: %s: sort: %w", r["slug"], err)
		}
		row := AreaRow{
			Slug: r["slug"], Parent: r["parent"], Level: level, Sort: sort, Label: r["label"], LabelCy: r["label_cy_draft"],
			RevenueForm: r["ro_form"], RevenueLine: r["ro_line_hint"], LGSLIDs: []int{}, LGSLTitles: []string{},
		}
		for id := range strings.SplitSeq(r["lgsl_ids"], "|") {
			if n, err := strconv.Atoi(id); err == nil {
				row.LGSLIDs = append(row.LGSLIDs, n)
			}
		}
		for title := range strings.SplitSeq(r["lgsl_titles"], "|") {
			if title != "" {
				row.LGSLTitles = append(row.LGSLTitles, title)
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// readCSV gives each row by the names in the header.
func readCSV(file []byte) ([]map[string]string, error) {
	all, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		return nil, err
	}
	out := make([]map[string]string, 0, len(all))
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = cells[i]
		}
		out = append(out, row)
	}
	return out, nil
}

func day(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// hash names the content of a row, so that loading sees what has changed.
func hash(row any) string {
	b, err := json.Marshal(row)
	if err != nil {
		panic(err) // rows are plain values
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
