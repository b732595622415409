package bench

import (
	"slices"
	"sync"
	"time"
)

// Times is how long something took, in milliseconds.
type Times struct {
	P50 float64 `json:"p50Ms"`
	P95 float64 `json:"p95Ms"`
	P99 float64 `json:"p99Ms"`
	Max float64 `json:"maxMs"`
}

// summary sorts what was measured, in microseconds. A quantile is the smallest
// time that so many of all are not above (nearest rank).
func summary(took []uint32) Times {
	if len(took) == 0 {
		return Times{}
	}
	slices.Sort(took)
	at := func(thousandths int) float64 {
		rank := (len(took)*thousandths + 999) / 1000
		return float64(took[max(rank, 1)-1]) / 1000
	}
	return Times{P50: at(500), P95: at(950), P99: at(990), Max: at(1000)}
}

func micros(d time.Duration) uint32 { return uint32(min(max(d.Microseconds(), 0), 1<<32-1)) }

// inParallel runs f for 0 to n-1, at most width at a time, until one fails,
// and gives the first error.
func inParallel(n, width int, f func(i int) error) error {
	var mu sync.Mutex
	var first error
	next := 0
	take := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1, first == nil && next <= n
	}
	var all sync.WaitGroup
	for range min(width, n) {
		all.Go(func() {
			for i, ok := take(); ok; i, ok = take() {
				if err := f(i); err != nil {
					mu.Lock()
					if first == nil {
						first = err
					}
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	return first
}
