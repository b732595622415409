// Package access knows who may do what. It is pure: one table of rules, no
// database, no clock.
package access

import (
	"slices"

	"guildhall/server/ids"
	"guildhall/server/problem"
)

// Role is what a person is in one space.
type Role string

// The roles of product.md. Editor exists in the network space only.
const (
	Member      Role = "member"
	Facilitator Role = "facilitator"
	Moderator   Role = "moderator"
	Editor      Role = "editor"
)

// Participant is what the people of a conversation are in it, which belongs
// to no space.
const Participant Role = "participant"

// SiteRole is what a person is on the whole site.
type SiteRole string

// The site roles.
const (
	SiteMember SiteRole = "member"
	SiteAdmin  SiteRole = "admin"
)

// Actor is the person asking. It is loaded once for each request and handed
// on as an argument. The zero Actor is a stranger.
type Actor struct {
	ID        ids.ID
	SessionID ids.ID
	Name      string
	Language  string
	Site      SiteRole
	Roles     map[ids.ID]Role // by space; only spaces the person is in
	Load      bool            // made for measuring: no account limits
}

// SignedIn tells a person from a stranger.
func (a Actor) SignedIn() bool { return a.ID != 0 }

// Admin says whether the person looks after the whole site.
func (a Actor) Admin() bool { return a.SignedIn() && a.Site == SiteAdmin }

// Can says whether the actor may do this in the space. An admin may set
// spaces up, but has no part in their content without a role there.
func (a Actor) Can(action Action, space ids.ID) bool {
	if !a.SignedIn() {
		return false
	}
	rule := rules[action]
	if rule.admin && a.Site == SiteAdmin {
		return true
	}
	role, in := a.Roles[space]
	return in && slices.Contains(rule.roles, role)
}

// Must is Can with the answer that the caller should see: for an outsider the
// thing does not exist, an insider without the role is not allowed.
func (a Actor) Must(action Action, space ids.ID, thing string) error {
	if a.Can(action, space) {
		return nil
	}
	if _, in := a.Roles[space]; in {
		return problem.Forbidden()
	}
	return problem.NotFound(thing)
}

// In lists the spaces where the actor's role allows the action, for a list's
// WHERE space_id = ANY(...). It is never nil, so that it is an empty array
// and not NULL in SQL.
func (a Actor) In(action Action) []int64 {
	out := []int64{}
	for space, role := range a.Roles {
		if slices.Contains(rules[action].roles, role) {
			out = append(out, int64(space))
		}
	}
	slices.Sort(out)
	return out
}

// List gives those of the actions that the actor may do in the space, for the
// `can` list that a screen shows or hides by. It is never nil.
func (a Actor) List(space ids.ID, actions ...Action) []Action {
	out := []Action{}
	for _, action := range actions {
		if a.Can(action, space) {
			out = append(out, action)
		}
	}
	return out
}

// Over lists what the actor may do with something that somebody wrote in a
// space, for its `can` list.
func (a Actor) Over(author, space ids.ID, write Action) []Action {
	return a.Roles[space].Over(a.SignedIn() && author == a.ID, write)
}

// May says whether somebody with this role, which they have in one place, may
// do this there. No role may do nothing.
func (r Role) May(action Action) bool { return r != "" && slices.Contains(rules[action].roles, r) }

// Must is May with the answer that the caller should see, as with an Actor.
func (r Role) Must(action Action, thing string) error {
	switch {
	case r.May(action):
		return nil
	case r != "":
		return problem.Forbidden()
	}
	return problem.NotFound(thing)
}

// List gives those of the actions that the role may do. It is never nil.
func (r Role) List(actions ...Action) []Action {
	out := []Action{}
	for _, action := range actions {
		if r.May(action) {
			out = append(out, action)
		}
	}
	return out
}

// Over lists what the role may do with something that was written: its author
// edits and deletes it for as long as they may write there, and whoever may
// remove content deletes it.
func (r Role) Over(own bool, write Action) []Action {
	switch {
	case own && r.May(write):
		return []Action{"edit", "delete"}
	case r.May(RemoveContent):
		return []Action{"delete"}
	}
	return []Action{}
}

// RolesFor lists the roles that may do this, for SQL that must check again at
// commit.
func RolesFor(action Action) []string {
	out := []string{}
	for _, role := range rules[action].roles {
		out = append(out, string(role))
	}
	return out
}
