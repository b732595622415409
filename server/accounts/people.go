package accounts

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lib/pq"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/audit"
	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/problem"
	"guildhall/server/text"
)

// Profile is a person with what they tell about themselves.
type Profile struct {
	Person
	About        string         `json:"about" db:"about"`
	AskMeAbout   pq.StringArray `json:"askMeAbout" db:"ask_me_about"`
	ServiceAreas pq.StringArray `json:"serviceAreas" db:"service_areas"`
	Posts        []PostHeld     `json:"posts" db:"-"`
}

// Me is the person asking, with what only they may see.
type Me struct {
	Person       Person          `json:"person"`
	Emails       []string        `json:"emails"`
	SiteRole     access.SiteRole `json:"siteRole"`
	Language     string          `json:"language" enum:"en,cy"`
	TimeZone     string          `json:"timeZone" doc:"The network's zone unless the person chose one"`
	OwnTimeZone  string          `json:"ownTimeZone" doc:"The zone the person chose, or empty"`
	Demo         bool            `json:"demo"`
	Session      ids.ID          `json:"session"`
	About        string          `json:"about"`
	AskMeAbout   []string        `json:"askMeAbout"`
	ServiceAreas []string        `json:"serviceAreas"`
	Posts        []PostHeld      `json:"posts"`
	Version      int             `json:"version"`
}

type meRow struct {
	Language     string          `db:"language"`
	TimeZone     string          `db:"time_zone"`
	SiteRole     access.SiteRole `db:"site_role"`
	About        string          `db:"about"`
	AskMeAbout   pq.StringArray  `db:"ask_me_about"`
	ServiceAreas pq.StringArray  `db:"service_areas"`
	Emails       pq.StringArray  `db:"emails"`
	Version      int             `db:"version"`
}

// Me gives the person asking.
func (s *Service) Me(ctx context.Context, who access.Actor) (*Me, error) {
	row, err := getMe(ctx, s.db, who.ID)
	if err != nil {
		return nil, fmt.Errorf("load me: %w", err)
	}
	person, err := GetPerson(ctx, s.db, who.ID)
	if err != nil {
		return nil, err
	}
	posts, err := listPosts(ctx, s.db, who.ID)
	if err != nil {
		return nil, fmt.Errorf("load posts: %w", err)
	}
	zone := row.TimeZone
	if zone == "" {
		zone = s.config.TimeZone
	}
	return &Me{
		Person: person, Emails: row.Emails, SiteRole: row.SiteRole, Language: row.Language, TimeZone: zone, OwnTimeZone: row.TimeZone,
		Demo: s.config.Demo, Session: who.SessionID, About: row.About, AskMeAbout: row.AskMeAbout,
		ServiceAreas: row.ServiceAreas, Posts: posts, Version: row.Version,
	}, nil
}

// zoneName is a name of the IANA database as people choose it: not localtime,
// posixrules or right/Europe/London, which some systems also have.
var zoneName = regexp.MustCompile(`^(UTC|[A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+){1,2})$`)

// ProfileEdit is what a person may change of themselves: all of it at once, as
// of the version that they saw.
type ProfileEdit struct {
	Version      int      `json:"version" minimum:"1" maximum:"2147483647"`
	Name         string   `json:"name" minLength:"1" maxLength:"120"`
	About        string   `json:"about" maxLength:"4000"`
	AskMeAbout   []string `json:"askMeAbout" maxItems:"8"`
	ServiceAreas []string `json:"serviceAreas" maxItems:"8"`
	Language     string   `json:"language" enum:"en,cy"`
	TimeZone     string   `json:"timeZone" maxLength:"60" doc:"An IANA zone, or empty for the network's"`
	Post         *newPost `json:"post,omitempty" doc:"The job the person has now"`
}

func (p *ProfileEdit) check() error {
	if p.Name = strings.TrimSpace(p.Name); !text.OneLine(p.Name) {
		return problem.Invalid("body.name", "enter your name")
	}
	if !text.Kept(p.About) {
		return problem.Invalid("body.about", "this text holds characters that cannot be stored")
	}
	clean := []string{}
	for i, topic := range p.AskMeAbout {
		topic = strings.TrimSpace(topic)
		if topic != "" && !text.OneLine(topic) || utf8.RuneCountInString(topic) > 60 {
			return problem.Invalid(fmt.Sprintf("body.askMeAbout[%d]", i), "say it in at most 60 characters, on one line")
		}
		if topic != "" && !slices.Contains(clean, topic) {
			clean = append(clean, topic)
		}
	}
	p.AskMeAbout = clean
	if p.TimeZone != "" {
		if _, err := time.LoadLocation(p.TimeZone); err != nil || !zoneName.MatchString(p.TimeZone) {
			return problem.Invalid("body.timeZone", "there is no such time zone")
		}
	}
	return nil
}

// UpdateProfile changes what the person tells about themselves. A stale
// version is a problem that carries the present state.
func (s *Service) UpdateProfile(ctx context.Context, who access.Actor, in ProfileEdit) (*Me, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if err := s.changes.Take(s.now(), who.ID.String()); err != nil {
		return nil, err
	}
	stale := false
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if unknown, err := unknownServiceAreas(ctx, tx, in.ServiceAreas); err != nil {
			return fmt.Errorf("check service areas: %w", err)
		} else if len(unknown) > 0 {
			return problem.Invalid("body.serviceAreas", "there is no service area "+unknown[0])
		}
		done, err := updateProfile(ctx, tx, who.ID, in)
		if err != nil {
			return fmt.Errorf("store profile: %w", err)
		}
		if stale = !done; stale {
			return nil
		}
		if in.Post != nil {
			if err := s.changePost(ctx, tx, who.ID, *in.Post); err != nil {
				return err
			}
		}
		return Put(ctx, tx, who.ID)
	})
	if err != nil {
		return nil, err
	}
	me, err := s.Me(ctx, who)
	if err == nil && stale {
		return nil, problem.Stale(me)
	}
	return me, err
}

// GetPerson gives the name and face of one account.
func GetPerson(ctx context.Context, q db.Q, id ids.ID) (Person, error) {
	p, err := selectPerson(ctx, q, id)
	if err != nil {
		return p, fmt.Errorf("load person: %w", err)
	}
	return p, nil
}

// People lists those who share a space with the reader, by name.
func (s *Service) People(ctx context.Context, who access.Actor, by Search, limit int) (*api.Page[Person], error) {
	spaces := who.In(access.ViewSpace)
	if by.Space != 0 {
		spaces = slices.DeleteFunc(spaces, func(id int64) bool { return id != int64(by.Space) })
	}
	list, err := listPeople(ctx, s.db, spaces, by, limit+1)
	if err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	page := api.Cut(list, limit, func(p listed) string { return api.Cursor(p.Key, p.ID) })
	return api.Map(page, func(p listed) Person { return p.Person }), nil
}

// Profile gives a person who shares a space with the reader; to others they
// do not exist.
func (s *Service) Profile(ctx context.Context, who access.Actor, id ids.ID) (*Profile, error) {
	p, err := getPerson(ctx, s.db, who.In(access.ViewSpace), id)
	if db.NoRows(err) {
		return nil, problem.NotFound("person")
	}
	if err != nil {
		return nil, fmt.Errorf("load person: %w", err)
	}
	p.Posts, err = listPosts(ctx, s.db, id)
	if err != nil {
		return nil, fmt.Errorf("load posts: %w", err)
	}
	return &p, nil
}

// Invite finds the account of an address, or makes one with this name. It
// belongs to the transaction that admits the person somewhere.
func (s *Service) Invite(ctx context.Context, tx *db.Tx, who access.Actor, email, name string) (ids.ID, error) {
	email, err := checkEmail(email)
	if err != nil {
		return 0, err
	}
	id, err := findByEmail(ctx, tx, email)
	if err == nil || !db.NoRows(err) {
		return id, err
	}
	if name = strings.TrimSpace(name); !text.OneLine(name) {
		return 0, problem.Invalid("body.name", "nobody has this address yet: enter the person's name")
	}
	id, err = insertAccount(ctx, tx, name, email)
	if db.NoRows(err) { // somebody else added the same person a moment ago
		if id, err = findByEmail(ctx, tx, email); err != nil {
			return 0, fmt.Errorf("find account: %w", err)
		}
		return id, nil
	}
	if err != nil {
		return 0, fmt.Errorf("make account: %w", err)
	}
	return id, audit.Record(ctx, tx, who, audit.Act{Action: "account-made", Kind: "account", Subject: id})
}
