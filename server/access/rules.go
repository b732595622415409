package access

// Action is something that a role may do in a space or a conversation.
type Action string

// The actions. Each is one line in the table below.
const (
	ViewSpace     Action = "view-space"
	ViewRoom      Action = "view-room"
	PostMessage   Action = "post-message"
	PinMessage    Action = "pin-message"
	CallRoom      Action = "call-room"
	PostTopic     Action = "post-topic"
	MakeRoom      Action = "make-room"
	EditRoom      Action = "edit-room"
	InviteToRoom  Action = "invite-to-room"
	ArchiveRoom   Action = "archive-room"
	SetRetention  Action = "set-retention"
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
	inRooms    = []Role{Member, Facilitator, Moderator, Editor, Participant}
	hosts      = []Role{Facilitator, Moderator}
	roomHosts  = []Role{Facilitator, Moderator, Participant} // of a conversation, all who are in it
	moderators = []Role{Moderator}
)

// rules is the whole of who may do what; product.md is its source.
var rules = map[Action]rule{
	ViewSpace:     {roles: everybody},
	ViewRoom:      {roles: inRooms},
	PostMessage:   {roles: inRooms},
	PinMessage:    {roles: roomHosts},
	CallRoom:      {roles: hosts}, // @room where more than 50 would be called
	PostTopic:     {roles: everybody},
	MakeRoom:      {roles: hosts},
	EditRoom:      {roles: roomHosts},
	InviteToRoom:  {roles: roomHosts},
	ArchiveRoom:   {roles: hosts},
	SetRetention:  {roles: hosts},
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
