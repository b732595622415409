// Package spaces knows the places where people meet: the network, cohorts and
// groups, who is in them and as what. It owns memberships, on which every
// right rests.
package spaces

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"guildhall/server/access"
	"guildhall/server/accounts"
	"guildhall/server/api"
	"guildhall/server/audit"
	"guildhall/server/clock"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/limit"
	"guildhall/server/problem"
	"guildhall/server/text"
)

// Kind is what a space is for.
type Kind string

// The kinds. Hall is the Load hall: it is for measuring and exists in the demonstration
// only.
const (
	Network Kind = "network"
	Cohort  Kind = "cohort"
	Group   Kind = "group"
	Hall    Kind = "load"
)

// Space is a place with members, a forum and rooms.
type Space struct {
	ID              ids.ID          `json:"id" db:"id"`
	Kind            Kind            `json:"kind" db:"kind" enum:"network,cohort,group,load"`
	Name            string          `json:"name" db:"name"`
	Description     string          `json:"description" db:"description"`
	Admission       string          `json:"admission" db:"admission" enum:"invitation,ask,open"`
	Listed          bool            `json:"listed" db:"listed" doc:"People who are not in it see that it exists"`
	ResidentialFrom *string         `json:"residentialFrom" db:"residential_from" format:"date"`
	ResidentialTo   *string         `json:"residentialTo" db:"residential_to" format:"date"`
	ReviewDay       *string         `json:"reviewDay" db:"review_day" format:"date"`
	ReadReceipts    bool            `json:"readReceipts" db:"read_receipts" doc:"In its rooms of up to 30 people it is shown who has read a message"`
	MemberCount     int             `json:"memberCount" db:"member_count"`
	Role            string          `json:"role" db:"role" doc:"What I am in it; empty if I am not"`
	Version         int             `json:"version" db:"version"`
	Can             []access.Action `json:"can" db:"-"`
}

// actions are those that a page of a space shows or hides by.
var actions = []access.Action{
	access.ViewSpace, access.PostTopic, access.MakeRoom, access.PinTopic, access.CloseTopic, access.AddMember, access.SetDates,
	access.SetRole, access.RemoveMember, access.ReadAudit, access.SetUpSpace,
}

// Service is what one can do with spaces.
type Service struct {
	db       *db.DB
	now      clock.Clock
	accounts *accounts.Service
	changes  *limit.Rate
}

// New makes the service. People made for measuring join their hall through it.
// Changes is shared with the accounts.
func New(d *db.DB, now clock.Clock, people *accounts.Service, changes *limit.Rate) *Service {
	s := &Service{db: d, now: now, accounts: people, changes: changes}
	people.JoinLoadHall(s.joinLoadHall)
	return s
}

// take counts one change against the person's limit.
func (s *Service) take(who access.Actor) error { return s.changes.Take(s.now(), who.ID.String()) }

// List gives the spaces the person is in, listed groups, and for an admin
// every space: the network first, then cohorts and groups by name.
func (s *Service) List(ctx context.Context, who access.Actor, cursor string, limit int) (*api.Page[Space], error) {
	after := place{Rank: -1}
	if err := api.ReadCursor(cursor, &after.Rank, &after.Name, &after.ID); err != nil {
		return nil, err
	}
	list, err := listSpaces(ctx, s.db, who, after, limit+1)
	if err != nil {
		return nil, fmt.Errorf("list spaces: %w", err)
	}
	for i := range list {
		s.decorate(who, &list[i].Space)
	}
	page := api.Cut(list, limit, func(l listedSpace) string { return api.Cursor(l.Rank, l.Key, l.ID) })
	return api.Map(page, func(l listedSpace) Space { return l.Space }), nil
}

func (s *Service) decorate(who access.Actor, space *Space) {
	space.Can = who.List(space.ID, actions...)
	if space.Role == "" && who.Admin() {
		space.Can = append(space.Can, access.StepIn)
	}
	if space.Role == "" && space.Kind == Group && space.Listed && space.Admission == "open" {
		space.Can = append(space.Can, "join")
	}
	if space.Role != "" && space.Kind == Group {
		space.Can = append(space.Can, "leave")
	}
}

// Get gives one space that the person is in, may look into from outside
// because it is listed, or sets up.
func (s *Service) Get(ctx context.Context, who access.Actor, id ids.ID) (*Space, error) {
	space, err := getSpace(ctx, s.db, who.ID, id)
	if db.NoRows(err) {
		return nil, problem.NotFound("space")
	}
	if err != nil {
		return nil, fmt.Errorf("load space: %w", err)
	}
	listed := space.Kind == Group && space.Listed && !who.Load
	admin := who.Can(access.SetUpSpace, id) && space.Kind != Hall
	if !listed && !admin {
		if err := who.Must(access.ViewSpace, id, "space"); err != nil {
			return nil, err
		}
	}
	s.decorate(who, &space)
	return &space, nil
}

type newSpace struct {
	Kind            Kind    `json:"kind" enum:"cohort,group"`
	Name            string  `json:"name" minLength:"1" maxLength:"120"`
	Description     string  `json:"description,omitempty" maxLength:"2000"`
	Admission       string  `json:"admission,omitempty" enum:"invitation,ask,open" default:"invitation"`
	Listed          bool    `json:"listed,omitempty"`
	ResidentialFrom *string `json:"residentialFrom,omitempty" format:"date"`
	ResidentialTo   *string `json:"residentialTo,omitempty" format:"date"`
	ReviewDay       *string `json:"reviewDay,omitempty" format:"date"`
}

func checkWords(name, description string) error {
	if !text.OneLine(name) {
		return problem.Invalid("body.name", "give the space a name, on one line")
	}
	if !text.Kept(description) {
		return problem.Invalid("body.description", "this text holds characters that cannot be stored")
	}
	return nil
}

func checkDates(from, to, review *string) error {
	for name, day := range map[string]*string{"residentialFrom": from, "residentialTo": to, "reviewDay": review} {
		if day == nil {
			continue
		}
		if at, err := time.Parse(time.DateOnly, *day); err != nil || at.Year() < 1 { // PostgreSQL has no year 0
			return problem.Invalid("body."+name, "enter a day as YYYY-MM-DD")
		}
	}
	switch {
	case to != nil && from == nil:
		return problem.Invalid("body.residentialFrom", "enter the first day of the residential too")
	case to != nil && *to < *from:
		return problem.Invalid("body.residentialTo", "the residential cannot end before it begins")
	case review != nil && from != nil && *review < *from:
		return problem.Invalid("body.reviewDay", "the review day comes after the residential")
	}
	return nil
}

// Open makes a cohort or a group. Only an admin may.
func (s *Service) Open(ctx context.Context, who access.Actor, in newSpace) (*Space, error) {
	if !who.Admin() {
		return nil, problem.Forbidden()
	}
	in.Name = strings.TrimSpace(in.Name)
	if err := checkWords(in.Name, in.Description); err != nil {
		return nil, err
	}
	if err := checkDates(in.ResidentialFrom, in.ResidentialTo, in.ReviewDay); err != nil {
		return nil, err
	}
	if in.Kind == Cohort && (in.Admission != "invitation" || in.Listed) {
		return nil, problem.Invalid("body.admission", "people come into a cohort by invitation only, and it is not listed")
	}
	var id ids.ID
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if id, err = insertSpace(ctx, tx, in); err != nil {
			return nameTaken(err)
		}
		return audit.Record(ctx, tx, who, audit.Act{Action: "space-opened", Space: id, Kind: "space", Subject: id, Detail: map[string]any{"kind": in.Kind}})
	})
	if err != nil {
		return nil, err
	}
	return s.Get(ctx, who, id)
}

func nameTaken(err error) error {
	if db.Breaks(err, "spaces_name_key") {
		return problem.Conflict("name-taken", "There is a space of this name already.")
	}
	return fmt.Errorf("store space: %w", err)
}

type spaceEdit struct {
	Name            string  `json:"name" minLength:"1" maxLength:"120"`
	Description     string  `json:"description" maxLength:"2000"`
	ResidentialFrom *string `json:"residentialFrom" format:"date"`
	ResidentialTo   *string `json:"residentialTo" format:"date"`
	ReviewDay       *string `json:"reviewDay" format:"date"`
	ReadReceipts    *bool   `json:"readReceipts,omitempty" doc:"As it is, when absent"`
	Version         int     `json:"version" minimum:"1" maximum:"2147483647"`
}

// Edit changes a space's words and dates.
func (s *Service) Edit(ctx context.Context, who access.Actor, id ids.ID, in spaceEdit) (*Space, error) {
	space, err := s.Get(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if err := who.Must(access.SetDates, id, "space"); err != nil {
		return nil, err
	}
	if err := s.take(who); err != nil {
		return nil, err
	}
	in.Name = strings.TrimSpace(in.Name)
	if err := checkWords(in.Name, in.Description); err != nil {
		return nil, err
	}
	if err := checkDates(in.ResidentialFrom, in.ResidentialTo, in.ReviewDay); err != nil {
		return nil, err
	}
	if in.Name != space.Name && !who.Can(access.SetUpSpace, id) {
		return nil, problem.Forbidden()
	}
	stale := false
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		done, err := updateSpace(ctx, tx, id, in)
		if err != nil {
			return nameTaken(err)
		}
		if stale = !done; stale {
			return nil
		}
		return audit.Record(ctx, tx, who, audit.Act{Action: "space-edited", Space: id, Kind: "space", Subject: id})
	})
	if err != nil {
		return nil, err
	}
	space, err = s.Get(ctx, who, id)
	if err == nil && stale {
		return nil, problem.Stale(space)
	}
	return space, err
}

// Audit lists what was done in the space, for its moderators.
func (s *Service) Audit(ctx context.Context, who access.Actor, id, before ids.ID, limit int) (*api.Page[audit.Entry], error) {
	if err := who.Must(access.ReadAudit, id, "space"); err != nil {
		return nil, err
	}
	list, err := audit.List(ctx, s.db, id, before, limit+1)
	if err != nil {
		return nil, err
	}
	return api.Cut(list, limit, func(e audit.Entry) string { return api.Cursor(e.ID) }), nil
}

// NetworkID is the space that everybody is in.
func NetworkID(ctx context.Context, q db.Q) (ids.ID, error) {
	id, err := getNetwork(ctx, q)
	if err != nil {
		return 0, fmt.Errorf("find the network space: %w", err)
	}
	return id, nil
}

// Prepare makes sure that the network space exists. It is called at each
// start, on every node.
func Prepare(ctx context.Context, d *db.DB, name string) error {
	return d.Tx(ctx, func(tx *db.Tx) error { return ensureNetwork(ctx, tx, name) })
}

// Admit puts a person into a space, and into the network, which everybody is
// in, and says whether they were not in the space before. Somebody who is in
// already keeps their role.
func (s *Service) Admit(ctx context.Context, tx *db.Tx, space, account ids.ID, role access.Role) (added bool, err error) {
	network, err := NetworkID(ctx, tx)
	if err != nil {
		return false, err
	}
	places := []ids.ID{space}
	if space != network {
		places = append(places, network)
	}
	for _, place := range places {
		as := role
		if place != space {
			as = access.Member
		}
		fresh, err := insertMembership(ctx, tx, place, account, as, false)
		if err != nil {
			return false, fmt.Errorf("add member: %w", err)
		}
		if !fresh {
			continue
		}
		added = added || place == space
		events.Emit(ctx, tx, events.MemberAdded{SpaceID: place, AccountID: account})
		if place == network {
			if err := accounts.Put(ctx, tx, account); err != nil {
				return false, err
			}
		}
	}
	return added, nil
}

func (s *Service) joinLoadHall(ctx context.Context, tx *db.Tx, account ids.ID) error {
	hall, err := getLoadHall(ctx, tx)
	if err != nil {
		return fmt.Errorf("find the load hall: %w", err)
	}
	_, err = insertMembership(ctx, tx, hall, account, access.Member, false)
	return err
}

// roleFits says whether the role exists in this kind of space.
func roleFits(role access.Role, kind Kind) bool {
	return role != access.Editor || kind == Network
}

// members of no role but these are hosts whose last one may not go.
var keepers = []access.Role{access.Moderator}

func isKeeper(role access.Role) bool { return slices.Contains(keepers, role) }
