// Package limit keeps people and addresses from doing too much.
//
// Few and precious things (sign-in codes) are counted in PostgreSQL, so that
// all nodes share the count. Frequent things (messages) are counted in memory
// on each node: n nodes allow n times as much, which still stops a flood.
package limit

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"guildhall/server/db"
	"guildhall/server/problem"
)

// Address is what an address is counted as: itself, or for IPv6 its /64, which
// is the least that one household or machine is given (RFC 6177).
func Address(peer string) string {
	a, err := netip.ParseAddr(peer)
	if err != nil {
		return peer
	}
	if a = a.Unmap(); a.Is4() {
		return a.String()
	}
	return netip.PrefixFrom(a.WithZone(""), 64).Masked().String()
}

// Take counts one use of key in a fixed window and fails with "too many" once
// more than most were counted. The window starts at a multiple of its length.
func Take(ctx context.Context, d *db.DB, now time.Time, key string, most int, window time.Duration) error {
	start := now.Truncate(window)
	used := 0
	err := d.Tx(ctx, func(tx *db.Tx) error {
		const query = `insert into rate_limits as r (key, window_start, used) values ($1, $2, 1)
			on conflict (key, window_start) do update set used = r.used + 1 returning used`
		return tx.GetContext(ctx, &used, query, key, start)
	})
	if err != nil {
		return fmt.Errorf("count %s: %w", key, err)
	}
	if used > most {
		return problem.TooMany(start.Add(window).Sub(now))
	}
	return nil
}

// Sweep forgets windows that are over.
func Sweep(ctx context.Context, d *db.DB, now time.Time) error {
	return d.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `delete from rate_limits where window_start < $1`, now.Add(-24*time.Hour))
		return err
	})
}

// Rate is a limit in memory: each key may do burst at once and per minute.
type Rate struct {
	perMinute int
	mu        sync.Mutex
	keys      map[string]*rate.Limiter
	swept     time.Time
}

// NewRate makes a limit of so many a minute for each key.
func NewRate(perMinute int) *Rate {
	return &Rate{perMinute: perMinute, keys: map[string]*rate.Limiter{}}
}

// Take uses one, or fails with "too many" and the time until the next.
func (r *Rate) Take(now time.Time, key string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep(now)
	l := r.keys[key]
	if l == nil {
		l = rate.NewLimiter(rate.Every(time.Minute/time.Duration(r.perMinute)), r.perMinute)
		r.keys[key] = l
	}
	if l.AllowN(now, 1) {
		return nil
	}
	return problem.TooMany(time.Minute / time.Duration(r.perMinute))
}

// sweep forgets keys that are full again, so that memory follows use.
func (r *Rate) sweep(now time.Time) {
	if now.Sub(r.swept) < 5*time.Minute {
		return
	}
	r.swept = now
	for key, l := range r.keys {
		if l.TokensAt(now) >= float64(r.perMinute) {
			delete(r.keys, key)
		}
	}
}

// Gauge counts what is open at the same time, by key.
type Gauge struct {
	most int
	mu   sync.Mutex
	open map[string]int
}

// NewGauge allows most at a time for each key.
func NewGauge(most int) *Gauge { return &Gauge{most: most, open: map[string]int{}} }

// Open counts one more, or says that there are too many.
func (g *Gauge) Open(key string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open[key] >= g.most {
		return false
	}
	g.open[key]++
	return true
}

// Close counts one less.
func (g *Gauge) Close(key string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open[key]--; g.open[key] <= 0 {
		delete(g.open, key)
	}
}
