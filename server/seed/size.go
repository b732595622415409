package seed

import (
	"cmp"
	"fmt"
	"strings"
)

// Size says how much a load set holds. What it holds is the same each time
// but for the day on which it ends.
type Size struct {
	Name     string
	Councils int
	People   int // in cohorts of thirty
	Groups   int
	Messages int
	Topics   int
	Stories  int
}

var sizes = []Size{
	{Name: "small", Councils: 20, People: 120, Groups: 2, Messages: 4_000, Topics: 60, Stories: 200},
	{Name: "medium", Councils: 200, People: 2_000, Groups: 10, Messages: 100_000, Topics: 1_000, Stories: 10_000},
	{Name: "large", Councils: 400, People: 10_000, Groups: 20, Messages: 1_000_000, Topics: 5_000, Stories: 100_000},
}

// SizeOf finds a size by its name: small, medium or large.
func SizeOf(name string) (Size, error) {
	names := make([]string, len(sizes))
	for i, s := range sizes {
		if s.Name == name {
			return s, nil
		}
		names[i] = s.Name
	}
	return Size{}, fmt.Errorf("there is no size %q: say %s", name, strings.Join(names, ", "))
}

// share deals total out by weight, all of it: what rounding leaves goes to
// the first.
func share(total int, weights []float64) []int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	out, dealt := make([]int, len(weights)), 0
	for i, w := range weights {
		out[i] = int(float64(total) * w / cmp.Or(sum, 1))
		dealt += out[i]
	}
	out[0] += total - dealt
	return out
}
