package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"guildhall/server/db"
)

const (
	workers  = 4
	lease    = 60 * time.Second
	pollWait = time.Second // a lost notification costs at most this much
)

// Work takes jobs until ctx ends, then finishes those under way. When their own
// context ends they are cut off, and run again once their lease is over.
func (b *Bus) Work(ctx, jobs context.Context) {
	listener := b.db.Listener()
	defer listener.Close() //nolint:errcheck // nothing to save
	go func() {            // it waits for as long as the database is silent
		if err := listener.Listen("jobs"); err != nil && ctx.Err() == nil {
			b.log.Warn("jobs are found by polling only", "error", err)
		}
	}()
	tick := time.NewTicker(pollWait)
	defer tick.Stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	free := make(chan struct{}, workers)
	for {
		for len(free) < workers {
			b.busy.Add(1)
			list, err := b.claim(ctx, workers-len(free))
			b.busy.Add(int64(len(list)) - 1)
			if err != nil || len(list) == 0 {
				if err != nil && ctx.Err() == nil {
					b.log.Warn("claim jobs", "error", err)
				}
				break
			}
			for _, j := range list {
				free <- struct{}{}
				wg.Go(func() { b.perform(jobs, j); b.busy.Add(-1); <-free; b.poke() })
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-listener.Notify:
		case <-b.wake:
		case <-tick.C:
		}
	}
}

// Drain runs every job that is due, here and now, until none is left and Work
// has none under way either. Tests call it instead of waiting.
func (b *Bus) Drain(ctx context.Context) error {
	for {
		jobs, err := b.claim(ctx, 100)
		if err != nil || len(jobs) == 0 && b.busy.Load() == 0 {
			return err
		}
		if len(jobs) == 0 {
			time.Sleep(time.Millisecond)
		}
		for _, j := range jobs {
			b.perform(ctx, j)
		}
	}
}

// Backlog says how the job table stands, for metrics.
func (b *Bus) Backlog(ctx context.Context) (Backlog, error) { return backlog(ctx, b.db) }

func (b *Bus) claim(ctx context.Context, n int) (jobs []Job, err error) {
	kinds := make([]string, 0, len(b.run))
	for kind := range b.run {
		kinds = append(kinds, kind)
	}
	err = b.db.Tx(ctx, func(tx *db.Tx) error {
		jobs, err = claimJobs(ctx, tx, kinds, n, lease)
		return err
	})
	return jobs, err
}

func (b *Bus) perform(ctx context.Context, j Job) {
	limited, cancel := context.WithTimeout(ctx, lease-time.Second)
	defer cancel()
	err := b.attempt(limited, j)
	finish := func(tx *db.Tx) error { return deleteJob(ctx, tx, j) }
	if err != nil && ctx.Err() != nil {
		b.log.Info("job cut off; it runs again later", "job", j.ID, "kind", j.Kind)
		return
	}
	if err != nil {
		level := slog.LevelWarn
		if j.Attempts >= j.MaxAttempts {
			level = slog.LevelError
		}
		b.log.Log(ctx, level, "job failed", "job", j.ID, "kind", j.Kind, "attempt", j.Attempts, "of", j.MaxAttempts, "error", err)
		wait := backoff(j.Attempts)
		finish = func(tx *db.Tx) error { return failJob(ctx, tx, j, err.Error(), wait) }
	}
	ended, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	if err := b.db.Tx(ended, finish); err != nil {
		b.log.Warn("the end of a job was not stored; it will run again", "job", j.ID, "kind", j.Kind, "error", err)
	}
}

func (b *Bus) attempt(ctx context.Context, j Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	f := b.run[j.Kind]
	if f == nil {
		return errors.New("nobody handles this kind of job")
	}
	return f(ctx, []byte(j.Payload))
}

// backoff doubles from two seconds to about 17 minutes, with up to a quarter
// of jitter so that what failed together does not come back together.
func backoff(attempts int) time.Duration {
	wait := time.Second << min(attempts, 10)
	return wait + time.Duration(rand.Int64N(int64(wait)/4))
}
