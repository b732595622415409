package events

import (
	"context"
	"time"

	"github.com/lib/pq"

	"guildhall/server/db"
	"guildhall/server/ids"
)

// Job is one row of work.
type Job struct {
	ID          ids.ID `db:"id"`
	Kind        string `db:"kind"`
	Payload     string `db:"payload"`
	Attempts    int    `db:"attempts"`
	MaxAttempts int    `db:"max_attempts"`
}

func insertJobs(ctx context.Context, q db.Q, jobs []Job) error {
	kinds, payloads := make([]string, len(jobs)), make([]string, len(jobs))
	for i, j := range jobs {
		kinds[i], payloads[i] = j.Kind, j.Payload
	}
	const query = `insert into jobs (kind, payload)
		select kind, payload::jsonb from unnest($1::text[], $2::text[]) as t(kind, payload)`
	_, err := q.ExecContext(ctx, query, pq.Array(kinds), pq.Array(payloads))
	return err
}

func insertJob(ctx context.Context, q db.Q, kind, payload string, at time.Time) error {
	const query = `insert into jobs (kind, payload, run_at) values ($1, $2::jsonb, $3)`
	_, err := q.ExecContext(ctx, query, kind, payload, at)
	return err
}

// claimJobs leases up to n due jobs of the kinds that this node knows. A job
// that used up its attempts without an end (it kills the process each time)
// becomes a dead letter here and is not run again.
func claimJobs(ctx context.Context, q db.Q, kinds []string, n int, lease time.Duration) ([]Job, error) {
	const bury = `update jobs set failed_at = now(), leased_until = null, last_error = 'the process died while it ran'
		where failed_at is null and attempts >= max_attempts and leased_until < now()`
	if _, err := q.ExecContext(ctx, bury); err != nil {
		return nil, err
	}
	const query = `update jobs set attempts = attempts + 1, leased_until = now() + make_interval(secs => $3)
		where id in (select id from jobs
			where failed_at is null and run_at <= now() and (leased_until is null or leased_until < now()) and kind = any($1)
			order by run_at, id limit $2 for update skip locked)
		returning id, kind, payload::text as payload, attempts, max_attempts`
	var jobs []Job
	err := q.SelectContext(ctx, &jobs, query, pq.Array(kinds), n, lease.Seconds())
	return jobs, err
}

// deleteJob ends a job. The number of attempts is the fence: a node that lost
// its lease changes nothing.
func deleteJob(ctx context.Context, q db.Q, j Job) error {
	const query = `delete from jobs where id = $1 and attempts = $2`
	_, err := q.ExecContext(ctx, query, j.ID, j.Attempts)
	return err
}

func failJob(ctx context.Context, q db.Q, j Job, reason string, wait time.Duration) error {
	const query = `update jobs set last_error = left($3, 2000), leased_until = null,
			run_at = now() + make_interval(secs => $4),
			failed_at = case when attempts >= max_attempts then now() end
		where id = $1 and attempts = $2`
	_, err := q.ExecContext(ctx, query, j.ID, j.Attempts, reason, wait.Seconds())
	return err
}

// Backlog is how the job table stands.
type Backlog struct {
	Waiting int     `db:"waiting"` // not yet done, running ones included
	Dead    int     `db:"dead"`    // gave up after the last attempt
	Oldest  float64 `db:"oldest"`  // seconds that the oldest due job has waited
}

func backlog(ctx context.Context, q db.Q) (Backlog, error) {
	const query = `select count(*) filter (where failed_at is null) as waiting, count(*) filter (where failed_at is not null) as dead,
		coalesce(extract(epoch from now() - min(run_at) filter (where failed_at is null and run_at <= now())), 0)::float8 as oldest from jobs`
	var b Backlog
	err := q.GetContext(ctx, &b, query)
	return b, err
}
