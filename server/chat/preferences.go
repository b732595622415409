package chat

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"

	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/problem"
)

// Preferences is how a person wants chat, on all their devices.
type Preferences struct {
	EnterSends bool   `json:"enterSends" doc:"Enter sends, Shift+Enter breaks the line; otherwise Ctrl+Enter sends"`
	ReadOn     string `json:"readOn" enum:"scroll,opening" doc:"When messages count as read: once they were on the screen, or as soon as the room is opened"`
	Announce   bool   `json:"announce" doc:"Say new messages to screen readers"`
	Quiet      *Quiet `json:"quiet,omitempty" doc:"Hours in which nothing disturbs; absent for none"`
	// Undisturbed until then, whatever the hours.
	UndisturbedUntil *time.Time `json:"undisturbedUntil" nullable:"true" format:"date-time"`
	Now              bool       `json:"now" readOnly:"true" doc:"Nothing should disturb the person now"`
}

// Quiet is the hours of a person's day, in their time zone, in which nothing
// disturbs. They may run over midnight.
type Quiet struct {
	From string `json:"from" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" example:"18:30"`
	To   string `json:"to" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" example:"08:00"`
	Days []int  `json:"days" nullable:"false" minItems:"1" maxItems:"7" doc:"On which they begin: 1 for Monday to 7 for Sunday (ISO 8601)"`
}

// PreferencesChanged tells a person's other devices to load them again.
type PreferencesChanged struct {
	Type string `json:"type" enum:"chat-preferences"`
}

// usual is what somebody has who never chose.
func usual() Preferences { return Preferences{EnterSends: true, ReadOn: "scroll", Announce: true} }

// Preferences gives the person's own.
func (s *Service) Preferences(ctx context.Context, who access.Actor) (*Preferences, error) {
	list, err := s.preferences(ctx, []ids.ID{who.ID})
	if err != nil {
		return nil, err
	}
	p := list[who.ID]
	return &p, nil
}

// preferences gives those of several people, the usual ones where nobody
// chose.
func (s *Service) preferences(ctx context.Context, people []ids.ID) (map[ids.ID]Preferences, error) {
	rows, err := listPreferences(ctx, s.db, people)
	if err != nil {
		return nil, fmt.Errorf("load preferences: %w", err)
	}
	out := make(map[ids.ID]Preferences, len(people))
	for _, id := range people {
		out[id] = usual()
	}
	for _, r := range rows {
		p := Preferences{EnterSends: r.EnterSends, ReadOn: r.ReadOn, Announce: r.Announce, UndisturbedUntil: r.Until}
		if r.From != nil {
			p.Quiet = &Quiet{From: *r.From, To: *r.To, Days: make([]int, len(r.Days))}
			for i, day := range r.Days {
				p.Quiet.Days[i] = int(day)
			}
		}
		zone := s.zone
		if own, err := time.LoadLocation(r.Zone); r.Zone != "" && err == nil {
			zone = own
		}
		p.Now = p.undisturbed(s.now().In(zone))
		out[r.AccountID] = p
	}
	return out, nil
}

// undisturbed says whether nothing should disturb at a moment, which is in the
// person's time zone: a clock that is put forward or back is told by it.
func (p Preferences) undisturbed(now time.Time) bool {
	if p.UndisturbedUntil != nil && now.Before(*p.UndisturbedUntil) {
		return true
	}
	if p.Quiet == nil {
		return false
	}
	day := func(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }
	clock := now.Format("15:04")
	today := slices.Contains(p.Quiet.Days, day(now))
	if p.Quiet.From < p.Quiet.To {
		return today && clock >= p.Quiet.From && clock < p.Quiet.To
	}
	yesterday := slices.Contains(p.Quiet.Days, day(now.AddDate(0, 0, -1)))
	return today && clock >= p.Quiet.From || yesterday && clock < p.Quiet.To
}

// Prefer keeps how the person wants chat.
func (s *Service) Prefer(ctx context.Context, who access.Actor, in Preferences) (*Preferences, error) {
	if q := in.Quiet; q != nil {
		q.Days = slices.Compact(slices.Sorted(slices.Values(q.Days)))
		if q.From == q.To {
			return nil, problem.Invalid("body.quiet.to", "quiet hours end at another time than they begin")
		}
		if len(q.Days) == 0 || q.Days[0] < 1 || q.Days[len(q.Days)-1] > 7 {
			return nil, problem.Invalid("body.quiet.days", "say days from 1 for Monday to 7 for Sunday")
		}
	}
	if until := in.UndisturbedUntil; until != nil && until.After(s.now().Add(mostAhead)) {
		return nil, problem.Invalid("body.undisturbedUntil", "choose a time up to a year ahead")
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := upsertPreferences(ctx, tx, who.ID, in); err != nil {
			return fmt.Errorf("store preferences: %w", err)
		}
		events.Emit(ctx, tx, events.ChatPreferencesSet{AccountID: who.ID})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.Preferences(ctx, who)
}

type preferenceRow struct {
	AccountID  ids.ID        `db:"account_id"`
	EnterSends bool          `db:"enter_sends"`
	ReadOn     string        `db:"read_on"`
	Announce   bool          `db:"announce"`
	From       *string       `db:"quiet_from"`
	To         *string       `db:"quiet_to"`
	Days       pq.Int64Array `db:"quiet_days"`
	Until      *time.Time    `db:"undisturbed_until"`
	Zone       string        `db:"time_zone"`
}

func listPreferences(ctx context.Context, q db.Q, people []ids.ID) ([]preferenceRow, error) {
	const query = `select c.account_id, c.enter_sends, c.read_on, c.announce, to_char(c.quiet_from, 'HH24:MI') as quiet_from,
			to_char(c.quiet_to, 'HH24:MI') as quiet_to, c.quiet_days, c.undisturbed_until, a.time_zone
		from chat_preferences c join accounts a on a.id = c.account_id where c.account_id = any($1)`
	var rows []preferenceRow
	err := q.SelectContext(ctx, &rows, query, pq.Array(ids.Ints(people)))
	return rows, err
}

func upsertPreferences(ctx context.Context, q db.Q, account ids.ID, p Preferences) error {
	const query = `insert into chat_preferences (account_id, enter_sends, read_on, announce, quiet_from, quiet_to, quiet_days, undisturbed_until)
		values ($1, $2, $3, $4, $5::time, $6::time, $7, $8)
		on conflict (account_id) do update set enter_sends = excluded.enter_sends, read_on = excluded.read_on, announce = excluded.announce,
			quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to, quiet_days = excluded.quiet_days,
			undisturbed_until = excluded.undisturbed_until`
	var from, to *string
	days := []int64{1, 2, 3, 4, 5, 6, 7}
	if p.Quiet != nil {
		from, to, days = &p.Quiet.From, &p.Quiet.To, days[:0]
		for _, day := range p.Quiet.Days {
			days = append(days, int64(day))
		}
	}
	_, err := q.ExecContext(ctx, query, account, p.EnterSends, p.ReadOn, p.Announce, from, to, pq.Array(days), p.UndisturbedUntil)
	return err
}
