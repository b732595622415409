package access

// Action is something that a role may do in a space.
type Action string

// The actions. Each is one line in the table below.
const (
	ViewSpace     Action = "view-space"
	PostMessage   Action = "post-message"
	PostTopic     Action = "post-topic"
	MakeRoom      Action = "make-room"
	PinTopic      Action = "pin-topic"
	CloseTopic    Action = "close-topic"
	AddMember     Action = "add-member"
	SetDates      Action = "set-dates"
	SetRole       Action = "set-role"
	RemoveMember  Action = "remove-member"
	RemoveContent Action = "remove-content"
	ReadAudit     Action = "read-audit"
	SetUpSpace    Action = "set-up-space"
	StepIn        Action = "step-in"
)

type rule struct {
	roles []Role
	admin bool // the site role admin may, without a role in the space
}

var (
	everybody  = []Role{Member, Facilitator, Moderator, Editor}
	hosts      = []Role{Facilitator, Moderator}
	moderators = []Role{Moderator}
)

// rules is the whole of who may do what; product.md is its source.
var rules = map[Action]rule{
	ViewSpace:     {roles: everybody},
	PostMessage:   {roles: everybody},
	PostTopic:     {roles: everybody},
	MakeRoom:      {roles: hosts},
	PinTopic:      {roles: hosts},
	CloseTopic:    {roles: moderators},
	AddMember:     {roles: hosts, admin: true},
	SetDates:      {roles: hosts, admin: true},
	SetRole:       {roles: nil, admin: true},
	RemoveMember:  {roles: moderators, admin: true},
	RemoveContent: {roles: moderators},
	ReadAudit:     {roles: moderators},
	SetUpSpace:    {roles: nil, admin: true},
	StepIn:        {roles: nil, admin: true},
}

// Actions lists every action in the table, in no particular order.
func Actions() []Action {
	out := make([]Action, 0, len(rules))
	for action := range rules {
		out = append(out, action)
	}
	return out
}
