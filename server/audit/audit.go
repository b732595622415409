// Package audit keeps who did what, for ever. The table refuses changes by a
// trigger.
package audit

import (
	"context"
	"fmt"
	"time"

	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/ids"
)

// Entry is one act.
type Entry struct {
	ID          ids.ID                  `json:"id" db:"id"`
	At          time.Time               `json:"at" db:"at"`
	ActorID     *ids.ID                 `json:"actorId" nullable:"true" db:"actor_id"`
	Actor       string                  `json:"actor" db:"actor"`
	Action      string                  `json:"action" db:"action"`
	SubjectKind string                  `json:"subjectKind" db:"subject_kind"`
	SubjectID   *ids.ID                 `json:"subjectId" nullable:"true" db:"subject_id"`
	Detail      db.JSON[map[string]any] `json:"-" db:"detail"`
	Facts       map[string]any          `json:"facts"`
}

// Act is something to record. Detail holds ids, roles and dates, never what
// people wrote. A zero space is the whole site.
type Act struct {
	Action  string
	Space   ids.ID
	Kind    string // of the subject
	Subject ids.ID
	Detail  map[string]any
}

// Record writes an act in the transaction that does it.
func Record(ctx context.Context, tx *db.Tx, who access.Actor, act Act) error {
	if act.Detail == nil {
		act.Detail = map[string]any{}
	}
	const query = `insert into audit_entries (actor_id, action, space_id, subject_kind, subject_id, detail)
		values (nullif($1::bigint, 0), $2, nullif($3::bigint, 0), $4, nullif($5::bigint, 0), $6::text::jsonb)`
	_, err := tx.ExecContext(ctx, query, who.ID, act.Action, act.Space, act.Kind, act.Subject, db.JSON[map[string]any]{V: act.Detail})
	if err != nil {
		return fmt.Errorf("record %s: %w", act.Action, err)
	}
	return nil
}

// List gives the acts in a space, newest first, before the given entry (0:
// from the newest), at most limit.
func List(ctx context.Context, q db.Q, space, before ids.ID, limit int) ([]Entry, error) {
	const query = `select e.id, date_trunc('milliseconds', e.at) as at, e.actor_id, coalesce(p.name, '') as actor, e.action, e.subject_kind, e.subject_id, e.detail
		from audit_entries e left join people p on p.id = e.actor_id
		where e.space_id = $1 and ($2::bigint = 0 or e.id < $2) order by e.id desc limit $3`
	entries := []Entry{}
	if err := q.SelectContext(ctx, &entries, query, space, before, limit); err != nil {
		return nil, fmt.Errorf("list audit: %w", err)
	}
	for i := range entries {
		entries[i].Facts = entries[i].Detail.V
	}
	return entries, nil
}
