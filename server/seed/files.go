package seed

import (
	"embed"
	"encoding/json"
	"fmt"
	"time"

	"guildhall/server/access"
	"guildhall/server/spaces"
)

//go:embed demo/*.json demo/messages/*.json
var files embed.FS

// network is the demonstration as the files of demo/ tell it; their README
// says what they hold.
type network struct {
	Organisations []organisation
	People        []person
	Spaces        []space
	Rooms         []room
	Topics        []topic
	ReadStates    []readState
}

type organisation struct {
	Key, Name, ShortName   string
	Type, TypeName, Tier   string
	Nation, Region         string
	County                 string // the key of another
	MadeUp                 bool
	StartsOn               string
	Domain                 string
	OtherNames             []string
	Population             *int
	Area                   *float64 `json:"area_km2"`
	Density                *float64
	RuralUrban             string
	PctUrban, PctRural     *float64
	PctHighlyRural         *float64
	IMDQuintile, IMDDecile *int
	DeprivationScore       *float64
	PctPopHighDeprivation  *float64
}

type person struct {
	Key, Name, Email, Language string
	SiteRole                   access.SiteRole
	Job, Organisation, From    string
	PreviousPosts              []struct{ Job, Organisation, From, To string }
	About                      string
	AskMeAbout, ServiceAreas   []string
}

type space struct {
	Key, Name, Description, Admission         string
	Kind                                      spaces.Kind
	Listed                                    bool
	ResidentialFrom, ResidentialTo, ReviewDay *string
	Members                                   map[string]access.Role
}

type room struct {
	Key, Space, Name, Topic string
	People                  []string // of a private room, or without a space of a conversation
	CreatedAt               moment
	Messages                []said `json:"-"` // from a file of its own
}

type topic struct {
	Key, Space, Title string
	Pinned, Closed    bool
	Posts             []said
}

type said struct {
	moment
	By, Body string
}

type readState struct {
	Person, Room string
	Unread       int
}

// moment is a time that moves with the present.
type moment struct {
	DayOffset int    // days from today, with Time as 15:04 in the network's zone
	Time      string // empty: At counts
	At        int    // minutes from now
}

// on is the moment as seen from now, which is in the network's zone.
func (m moment) on(now time.Time) (time.Time, error) {
	if m.Time == "" {
		if m.At >= 0 {
			return now, fmt.Errorf("at is %d, not minutes before now", m.At)
		}
		return now.Add(time.Duration(m.At) * time.Minute), nil
	}
	clock, err := time.Parse("15:04", m.Time)
	if err != nil || m.DayOffset >= 0 {
		return now, fmt.Errorf("%q on day %d is no time of a day gone by", m.Time, m.DayOffset)
	}
	return time.Date(now.Year(), now.Month(), now.Day()+m.DayOffset, clock.Hour(), clock.Minute(), 0, 0, now.Location()), nil
}

// readFiles reads the demonstration.
func readFiles() (*network, error) {
	n := &network{}
	for name, into := range map[string]any{
		"organisations": &n.Organisations, "people": &n.People, "spaces": &n.Spaces, "rooms": &n.Rooms, "topics": &n.Topics, "readstates": &n.ReadStates,
	} {
		if err := readFile("demo/"+name+".json", into); err != nil {
			return nil, err
		}
	}
	for i := range n.Rooms {
		if err := readFile("demo/messages/"+n.Rooms[i].Key+".json", &n.Rooms[i].Messages); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func readFile(name string, into any) error {
	data, err := files.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read the demonstration: %w", err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}
