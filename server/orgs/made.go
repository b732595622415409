package orgs

import (
	"fmt"
	"math/rand/v2"
)

// Made gives n made-up councils for measuring, the same each time. They have
// codes LOAD-0001 and on, names that no council has, and the types and regions
// of real ones in turn.
func Made(n int) []Row {
	shapes := []struct{ code, tier, nation, region string }{
		{"NMD", "district", "England", "East of England"},
		{"NMD", "district", "England", "South East"},
		{"UA", "unitary", "England", "South West"},
		{"CTY", "county", "England", "East Midlands"},
		{"MD", "unitary", "England", "North West"},
		{"MD", "unitary", "England", "West Midlands"},
		{"LBO", "unitary", "England", "London"},
		{"NMD", "district", "England", "East Midlands"},
		{"UA", "unitary", "England", "North East"},
		{"MD", "unitary", "England", "Yorkshire and The Humber"},
		{"SCO", "unitary", "Scotland", "Scotland"},
		{"WPA", "unitary", "Wales", "Wales"},
		{"NID", "unitary", "Northern Ireland", "Northern Ireland"},
	}
	rows := make([]Row, n)
	for i := range rows {
		s := shapes[i%len(shapes)]
		draw := rand.New(rand.NewPCG(uint64(i), 1))
		population := 60_000 + draw.IntN(500_000)
		area := 30 + draw.Float64()*1500
		density := float64(population) / area
		name := fmt.Sprintf("Loadshire %d", i+1)
		rows[i] = Row{
			Code: fmt.Sprintf("LOAD-%04d", i+1), Name: name + " Council", ShortName: name, Type: types[s.code].slug, TypeLabel: types[s.code].label,
			Tier: s.tier, Nation: s.nation, Region: s.region, Population: &population, AreaKm2: &area, DensityPerKm2: &density,
			Current: true, MadeUp: true,
		}
	}
	return rows
}
