package access_test

import (
	"slices"
	"testing"

	"guildhall/server/access"
	"guildhall/server/ids"
	"guildhall/server/problem"
)

// TestRules is the specification of rights, written by hand: one row for each
// action, one column for each kind of person.
func TestRules(t *testing.T) {
	const space, other ids.ID = 7, 8
	in := func(role access.Role) access.Actor {
		return access.Actor{ID: 1, Roles: map[ids.ID]access.Role{space: role}}
	}
	people := []access.Actor{
		in(access.Member), in(access.Facilitator), in(access.Moderator), in(access.Editor),
		{ID: 1, Site: access.SiteAdmin},
		{ID: 1, Roles: map[ids.ID]access.Role{other: access.Moderator}},
		{},
	}
	names := []string{"member", "facilitator", "moderator", "editor", "admin", "outsider", "stranger"}
	const yes, no = true, false
	table := map[access.Action][]bool{
		access.ViewSpace:     {yes, yes, yes, yes, no, no, no},
		access.ViewRoom:      {yes, yes, yes, yes, no, no, no},
		access.PostMessage:   {yes, yes, yes, yes, no, no, no},
		access.PinMessage:    {no, yes, yes, no, no, no, no},
		access.CallRoom:      {no, yes, yes, no, no, no, no},
		access.PostTopic:     {yes, yes, yes, yes, no, no, no},
		access.MakeRoom:      {no, yes, yes, no, no, no, no},
		access.EditRoom:      {no, yes, yes, no, no, no, no},
		access.InviteToRoom:  {no, yes, yes, no, no, no, no},
		access.ArchiveRoom:   {no, yes, yes, no, no, no, no},
		access.SetRetention:  {no, yes, yes, no, no, no, no},
		access.PinTopic:      {no, yes, yes, no, no, no, no},
		access.CloseTopic:    {no, no, yes, no, no, no, no},
		access.AddMember:     {no, yes, yes, no, yes, no, no},
		access.SetDates:      {no, yes, yes, no, yes, no, no},
		access.SetRole:       {no, no, no, no, yes, no, no},
		access.RemoveMember:  {no, no, yes, no, yes, no, no},
		access.RemoveContent: {no, no, yes, no, no, no, no},
		access.ReadAudit:     {no, no, yes, no, no, no, no},
		access.SetUpSpace:    {no, no, no, no, yes, no, no},
		access.StepIn:        {no, no, no, no, yes, no, no},
	}
	if len(table) != len(access.Actions()) {
		t.Errorf("the table has %d rows for %d actions", len(table), len(access.Actions()))
	}
	for action, row := range table {
		for i, want := range row {
			if got := people[i].Can(action, space); got != want {
				t.Errorf("%s may %s: %v, want %v", names[i], action, got, want)
			}
		}
	}
}

// TestParticipants: the people of a conversation run it by themselves, and
// have no say in a space.
func TestParticipants(t *testing.T) {
	may := []access.Action{access.ViewRoom, access.PostMessage, access.PinMessage, access.EditRoom, access.InviteToRoom}
	for _, action := range access.Actions() {
		if got, want := access.Participant.May(action), slices.Contains(may, action); got != want {
			t.Errorf("a participant may %s: %v, want %v", action, got, want)
		}
		if access.Role("").May(action) {
			t.Errorf("no role may %s", action)
		}
	}
	if err := access.Participant.Must(access.ArchiveRoom, "room"); !problem.Is(err, "not-allowed") {
		t.Errorf("a participant archives: %v", err)
	}
	if err := access.Role("").Must(access.ViewRoom, "room"); !problem.Is(err, "not-found") {
		t.Errorf("nobody in particular: %v", err)
	}
}

func TestMustHidesFromOutsiders(t *testing.T) {
	member := access.Actor{ID: 1, Roles: map[ids.ID]access.Role{7: access.Member}}
	if err := member.Must(access.PostMessage, 7, "room"); err != nil {
		t.Errorf("a member may post: %v", err)
	}
	if err := member.Must(access.RemoveMember, 7, "room"); !problem.Is(err, "not-allowed") {
		t.Errorf("an insider without the role: %v", err)
	}
	if err := member.Must(access.PostMessage, 8, "room"); !problem.Is(err, "not-found") {
		t.Errorf("an outsider: %v", err)
	}
	admin := access.Actor{ID: 2, Site: access.SiteAdmin}
	if err := admin.Must(access.ViewSpace, 7, "space"); !problem.Is(err, "not-found") {
		t.Errorf("an admin who has not stepped in: %v", err)
	}
}

func TestInIsNeverNil(t *testing.T) {
	if in := (access.Actor{ID: 1}).In(access.ViewSpace); in == nil || len(in) != 0 {
		t.Errorf("a person in no space: %v", in)
	}
}

// TestOver: one's own words, those of others, and who may not write any more.
func TestOver(t *testing.T) {
	const space, me, other ids.ID = 7, 1, 2
	in := func(role access.Role) access.Actor {
		return access.Actor{ID: me, Roles: map[ids.ID]access.Role{space: role}}
	}
	for _, c := range []struct {
		who    access.Actor
		author ids.ID
		want   int
	}{
		{in(access.Member), me, 2},
		{in(access.Member), other, 0},
		{in(access.Moderator), other, 1},
		{in(access.Moderator), me, 2},
		{access.Actor{ID: me}, me, 0},
		{access.Actor{ID: me, Site: access.SiteAdmin}, me, 0},
		{access.Actor{}, 0, 0},
	} {
		if got := c.who.Over(c.author, space, access.PostMessage); len(got) != c.want || got == nil {
			t.Errorf("%+v over the words of %v: %v, want %d", c.who, c.author, got, c.want)
		}
	}
}
