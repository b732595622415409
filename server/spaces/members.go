package spaces

import (
	"context"
	"fmt"
	"time"

	"guildhall/server/access"
	"guildhall/server/accounts"
	"guildhall/server/api"
	"guildhall/server/audit"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/problem"
)

// Member is a person in a space.
type Member struct {
	Person    accounts.Person `json:"person" db:"person"`
	Role      access.Role     `json:"role" db:"role" enum:"member,facilitator,moderator,editor"`
	JoinedAt  time.Time       `json:"joinedAt" db:"joined_at"`
	SteppedIn bool            `json:"steppedIn" db:"stepped_in" doc:"An admin who came in to look after the space"`
	Version   int             `json:"version" db:"version"`
}

// Members lists who is in the space: hosts first, then by name.
func (s *Service) Members(ctx context.Context, who access.Actor, space ids.ID, cursor string, limit int) (*api.Page[Member], error) {
	if !who.Can(access.SetUpSpace, space) {
		if err := who.Must(access.ViewSpace, space, "space"); err != nil {
			return nil, err
		}
	} else if _, err := s.Get(ctx, who, space); err != nil {
		return nil, err
	}
	after := place{}
	if err := api.ReadCursor(cursor, &after.Rank, &after.Name, &after.ID); err != nil {
		return nil, err
	}
	list, err := listMembers(ctx, s.db, space, after, limit+1)
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	page := api.Cut(list, limit, func(m listedMember) string { return api.Cursor(m.Rank, m.Key, m.Person.ID) })
	return api.Map(page, func(m listedMember) Member { return m.Member }), nil
}

// place is the sort key of a list of members, with the values that the SQL
// sorts by.
type place struct {
	Rank int32
	Name string
	ID   ids.ID
}

type listedMember struct {
	Member
	Rank int32  `db:"rank"`
	Key  string `db:"key"`
}

// NewMember is whom to bring into a space. The name is needed if nobody has
// the address yet; without a role they are a member.
type NewMember struct {
	Email string      `json:"email" maxLength:"254"`
	Name  string      `json:"name,omitempty" maxLength:"120" doc:"Needed if nobody has the address yet"`
	Role  access.Role `json:"role,omitempty" enum:"member,facilitator,moderator,editor"`
}

// AddMember brings a person into a space by email address. An address that
// nobody has yet makes an account, for which a name is needed; the person
// signs in with that address.
func (s *Service) AddMember(ctx context.Context, who access.Actor, space ids.ID, in NewMember) (*Member, error) {
	at, err := s.manage(ctx, who, access.AddMember, space)
	if err != nil {
		return nil, err
	}
	role := in.Role
	if role == "" {
		role = access.Member
	}
	if role != access.Member && !who.Can(access.SetRole, space) {
		return nil, problem.Forbidden()
	}
	if !roleFits(role, at.Kind) {
		return nil, problem.Invalid("body.role", "editors are in the network space only")
	}
	var account ids.ID
	err = s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if account, err = s.accounts.Invite(ctx, tx, who, in.Email, in.Name); err != nil {
			return err
		}
		added, err := s.Admit(ctx, tx, space, account, role)
		if err != nil {
			return err
		}
		if !added {
			return problem.Conflict("already-member", "This person is in the space already.")
		}
		return audit.Record(ctx, tx, who, audit.Act{Action: "member-added", Space: space, Kind: "account", Subject: account, Detail: map[string]any{"role": role}})
	})
	if err != nil {
		return nil, err
	}
	return s.member(ctx, space, account)
}

func (s *Service) member(ctx context.Context, space, account ids.ID) (*Member, error) {
	m, err := getMember(ctx, s.db, space, account)
	if db.NoRows(err) {
		return nil, problem.NotFound("member")
	}
	if err != nil {
		return nil, fmt.Errorf("load member: %w", err)
	}
	return &m, nil
}

// manage loads a space for somebody who changes its roster, and counts that.
func (s *Service) manage(ctx context.Context, who access.Actor, action access.Action, id ids.ID) (*Space, error) {
	space, err := s.Get(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if err := who.Must(action, id, "space"); err != nil {
		return nil, err
	}
	return space, s.take(who)
}

// RoleEdit is what a member is to be, as of the version that was seen.
type RoleEdit struct {
	Role    access.Role `json:"role" enum:"member,facilitator,moderator,editor"`
	Version int         `json:"version" minimum:"1" maximum:"2147483647"`
}

// SetRole makes a member something else in the space. The last moderator
// cannot be made less. A stale version is a problem that carries the present
// state.
func (s *Service) SetRole(ctx context.Context, who access.Actor, space, account ids.ID, in RoleEdit) (*Member, error) {
	at, err := s.manage(ctx, who, access.SetRole, space)
	if err != nil {
		return nil, err
	}
	if !roleFits(in.Role, at.Kind) {
		return nil, problem.Invalid("body.role", "editors are in the network space only")
	}
	stale := false
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		was, err := s.lockMember(ctx, tx, space, account)
		if err != nil {
			return err
		}
		if stale = was.Version != in.Version; stale {
			return nil
		}
		if err := mayEnd(ctx, tx, space, was, in.Role); err != nil {
			return err
		}
		if err := setRole(ctx, tx, space, account, in.Role); err != nil {
			return fmt.Errorf("set role: %w", err)
		}
		events.Emit(ctx, tx, events.RoleSet{SpaceID: space, AccountID: account})
		return audit.Record(ctx, tx, who, audit.Act{Action: "role-set", Space: space, Kind: "account", Subject: account, Detail: map[string]any{"from": was.Role, "to": in.Role}})
	})
	if err != nil {
		return nil, err
	}
	m, err := s.member(ctx, space, account)
	if err == nil && stale {
		return nil, problem.Stale(m)
	}
	return m, err
}

// held is a membership under the lock of its space's roster.
type held struct {
	AccountID ids.ID      `db:"account_id"`
	Role      access.Role `db:"role"`
	SteppedIn bool        `db:"stepped_in"`
	Version   int         `db:"version"`
}

// lockMember holds the space's roster, so that two changes at once cannot
// leave it without a moderator, and gives the membership as it is.
func (s *Service) lockMember(ctx context.Context, tx *db.Tx, space, account ids.ID) (held, error) {
	if err := lockSpace(ctx, tx, space); err != nil {
		return held{}, fmt.Errorf("hold the roster: %w", err)
	}
	was, err := getHeld(ctx, tx, space, account)
	if db.NoRows(err) {
		return held{}, problem.NotFound("member")
	}
	if err != nil {
		return held{}, fmt.Errorf("load member: %w", err)
	}
	return was, nil
}

// mayEnd refuses to take the last moderator's role. An admin who stepped in is
// a guest: they do not count, and may always go.
func mayEnd(ctx context.Context, tx *db.Tx, space ids.ID, was held, next access.Role) error {
	if was.SteppedIn || !isKeeper(was.Role) || isKeeper(next) {
		return nil
	}
	others, err := countKeepers(ctx, tx, space, was.AccountID)
	if err != nil {
		return fmt.Errorf("count moderators: %w", err)
	}
	if others == 0 {
		return problem.Conflict("last-moderator", "This is the last moderator of the space. Make somebody else one first.")
	}
	return nil
}

// RemoveMember ends a membership. Nobody is removed from the network, which
// everybody is in.
func (s *Service) RemoveMember(ctx context.Context, who access.Actor, space, account ids.ID) error {
	at, err := s.Get(ctx, who, space)
	if err != nil {
		return err
	}
	leaving := account == who.ID && at.Role != ""
	if !leaving {
		if err := who.Must(access.RemoveMember, space, "space"); err != nil {
			return err
		}
	}
	if err := s.take(who); err != nil {
		return err
	}
	if at.Kind == Network {
		return problem.Conflict("network-member", "Everybody is in the network; an account is closed instead.")
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		was, err := s.lockMember(ctx, tx, space, account)
		if err != nil {
			return err
		}
		if err := mayEnd(ctx, tx, space, was, ""); err != nil {
			return err
		}
		if err := endMembership(ctx, tx, space, account, who.ID, s.now()); err != nil {
			return fmt.Errorf("remove member: %w", err)
		}
		events.Emit(ctx, tx, events.MemberRemoved{SpaceID: space, AccountID: account})
		return audit.Record(ctx, tx, who, audit.Act{Action: "member-removed", Space: space, Kind: "account", Subject: account, Detail: map[string]any{"role": was.Role}})
	})
}

// Join brings the person into an open group by themselves.
func (s *Service) Join(ctx context.Context, who access.Actor, id ids.ID) (*Space, error) {
	space, err := s.Get(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if space.Admission != "open" || space.Kind != Group {
		return nil, problem.Conflict("not-open", "People are invited into this space.")
	}
	return s.enter(ctx, who, id, access.Member, false)
}

// StepIn brings an admin into a space as its moderator. Its members see it in
// the roster, and the audit log keeps it.
func (s *Service) StepIn(ctx context.Context, who access.Actor, id ids.ID) (*Space, error) {
	if _, err := s.Get(ctx, who, id); err != nil {
		return nil, err
	}
	if err := who.Must(access.StepIn, id, "space"); err != nil {
		return nil, err
	}
	return s.enter(ctx, who, id, access.Moderator, true)
}

func (s *Service) enter(ctx context.Context, who access.Actor, id ids.ID, role access.Role, steppedIn bool) (*Space, error) {
	if err := s.take(who); err != nil {
		return nil, err
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		added, err := insertMembership(ctx, tx, id, who.ID, role, steppedIn)
		if err != nil || !added {
			return err
		}
		events.Emit(ctx, tx, events.MemberAdded{SpaceID: id, AccountID: who.ID})
		act := "joined"
		if steppedIn {
			act = "stepped-in"
		}
		return audit.Record(ctx, tx, who, audit.Act{Action: act, Space: id, Kind: "account", Subject: who.ID})
	})
	if err != nil {
		return nil, fmt.Errorf("enter space: %w", err)
	}
	// The roles were loaded before the membership existed.
	roles := map[ids.ID]access.Role{id: role}
	for space, r := range who.Roles {
		roles[space] = r
	}
	who.Roles = roles
	return s.Get(ctx, who, id)
}
