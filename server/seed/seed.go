// Package seed fills a network for the demonstration, and a large one for
// measuring. Everybody and every council in it is made up.
package seed

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"guildhall/server/access"
	"guildhall/server/accounts"
	"guildhall/server/chat"
	"guildhall/server/db"
	"guildhall/server/forum"
	"guildhall/server/ids"
	"guildhall/server/orgs"
	"guildhall/server/spaces"
)

// fresh is how long ago the newest posts of a topic may have been written that
// nobody has read yet.
const fresh = 24 * time.Hour

// Demo loads the demonstration, and the hall for measuring, in one
// transaction. now says what its times are counted from, in the network's
// zone. Loading again inserts nothing twice and leaves everything as people
// have changed it. Nobody is told of what is loaded.
func Demo(ctx context.Context, d *db.DB, now time.Time) error {
	n, err := readFiles()
	if err != nil {
		return err
	}
	err = d.Tx(ctx, func(tx *db.Tx) error { return n.load(ctx, tx, now) })
	if err != nil {
		return fmt.Errorf("load the demonstration: %w", err)
	}
	return nil
}

func (n *network) load(ctx context.Context, tx *db.Tx, now time.Time) error {
	councils, err := n.organisations()
	if err != nil {
		return err
	}
	if err := orgs.Load(ctx, tx, councils); err != nil {
		return err
	}
	l := &loader{network: n, now: now, begun: map[string]time.Time{}}
	if l.people, err = accounts.Load(ctx, tx, n.people()); err != nil {
		return err
	}
	places, err := l.spaceRows()
	if err != nil {
		return err
	}
	if l.spaces, err = spaces.Load(ctx, tx, places); err != nil {
		return err
	}
	rooms, err := l.roomRows()
	if err != nil {
		return err
	}
	if err := chat.Load(ctx, tx, rooms); err != nil {
		return err
	}
	topics, err := l.topicRows()
	if err != nil {
		return err
	}
	return forum.Load(ctx, tx, topics)
}

// key names a thing of the demonstration in the database, code a council.
func key(s string) string  { return "demo:" + s }
func code(s string) string { return "DEMO-" + strings.ToUpper(s) }

func (n *network) organisations() ([]orgs.Row, error) {
	rows := make([]orgs.Row, 0, len(n.Organisations))
	for _, o := range n.Organisations {
		slug, label, ok := orgs.Type(o.Type)
		if !ok || !o.MadeUp {
			return nil, fmt.Errorf("organisation %s: it has the type %q and must be made up", o.Key, o.Type)
		}
		row := orgs.Row{
			Code: code(o.Key), Name: o.Name, ShortName: o.ShortName, Type: slug, TypeLabel: label, Tier: o.Tier, Nation: o.Nation, Region: o.Region,
			Population: o.Population, AreaKm2: o.Area, DensityPerKm2: o.Density, RuralUrban: o.RuralUrban, UrbanShare: o.PctUrban,
			RuralShare: o.PctRural, HighlyRuralShare: o.PctHighlyRural, IMDQuintile: o.IMDQuintile, IMDDecile: o.IMDDecile,
			DeprivationScore: o.DeprivationScore, HighDeprivationShare: o.PctPopHighDeprivation,
			Current: true, StartsOn: &o.StartsOn, MadeUp: true, WebDomain: o.Domain,
		}
		if o.County != "" {
			row.CountyCode = code(o.County)
		}
		for _, name := range o.OtherNames {
			row.Aliases = append(row.Aliases, orgs.Alias{Name: name, Kind: "other"})
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (n *network) people() []accounts.Row {
	rows := make([]accounts.Row, 0, len(n.People))
	for _, p := range n.People {
		row := accounts.Row{
			Key: key(p.Key), Name: p.Name, Email: p.Email, Site: p.SiteRole, Language: p.Language, About: p.About,
			AskMeAbout: p.AskMeAbout, ServiceAreas: p.ServiceAreas,
			Posts: []accounts.RowPost{{Job: p.Job, Organisation: code(p.Organisation), From: &p.From}},
		}
		for _, held := range p.PreviousPosts {
			row.Posts = append(row.Posts, accounts.RowPost{Job: held.Job, Organisation: code(held.Organisation), From: &held.From, To: &held.To})
		}
		rows = append(rows, row)
	}
	return rows
}

// loader knows what is loaded already.
type loader struct {
	*network
	now    time.Time
	people map[string]ids.ID    // by key
	spaces map[string]ids.ID    // by key
	begun  map[string]time.Time // when the first room of a space was made
}

func (l *loader) person(name string) (ids.ID, error) {
	id, ok := l.people[key(name)]
	if !ok {
		return 0, fmt.Errorf("there is no person %q", name)
	}
	return id, nil
}

func (l *loader) space(name string) (ids.ID, *space, error) {
	for i := range l.Spaces {
		if l.Spaces[i].Key == name {
			return l.spaces[key(name)], &l.Spaces[i], nil
		}
	}
	return 0, nil, fmt.Errorf("there is no space %q", name)
}

// spaceRows has everybody in a space since its first room was made.
func (l *loader) spaceRows() ([]spaces.Row, error) {
	for _, r := range l.Rooms {
		at, err := r.CreatedAt.on(l.now)
		if err != nil {
			return nil, fmt.Errorf("room %s: %w", r.Key, err)
		}
		if first, ok := l.begun[r.Space]; !ok || at.Before(first) {
			l.begun[r.Space] = at
		}
	}
	rows := []spaces.Row{{Key: key("load"), Kind: spaces.Hall, Name: "Load hall", Description: "For measuring. Nobody else is here."}}
	for _, s := range l.Spaces {
		row := spaces.Row{
			Key: key(s.Key), Kind: s.Kind, Name: s.Name, Description: s.Description, Admission: s.Admission, Listed: s.Listed,
			ResidentialFrom: s.ResidentialFrom, ResidentialTo: s.ResidentialTo, ReviewDay: s.ReviewDay,
			Members: map[ids.ID]access.Role{}, Joined: l.begun[s.Key],
		}
		for name, role := range s.Members {
			id, err := l.person(name)
			if err != nil {
				return nil, fmt.Errorf("space %s: %w", s.Key, err)
			}
			row.Members[id] = role
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (l *loader) roomRows() ([]chat.Row, error) {
	rows := []chat.Row{{Key: key("load"), SpaceID: l.spaces[key("load")], Name: "Measuring", CreatedAt: l.now}}
	unread := map[string]map[string]int{}
	for _, r := range l.ReadStates {
		if unread[r.Room] == nil {
			unread[r.Room] = map[string]int{}
		}
		unread[r.Room][r.Person] = r.Unread
	}
	for _, r := range l.Rooms {
		row, people, err := l.roomRow(r)
		if err != nil {
			return nil, fmt.Errorf("room %s: %w", r.Key, err)
		}
		for i, m := range r.Messages {
			author, at, err := l.said(m)
			if err != nil {
				return nil, fmt.Errorf("room %s, message %d: %w", r.Key, i+1, err)
			}
			row.Messages = append(row.Messages, chat.Said{Author: author, At: at, Body: m.Body})
		}
		for _, name := range people {
			row.Read[l.people[key(name)]] = int64(len(r.Messages) - unread[r.Key][name])
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// roomRow gives a room without what was said in it, and who is in it.
func (l *loader) roomRow(r room) (chat.Row, []string, error) {
	at, err := r.CreatedAt.on(l.now)
	if err != nil {
		return chat.Row{}, nil, err
	}
	row := chat.Row{Key: key(r.Key), Name: r.Name, Topic: r.Topic, CreatedAt: at, Read: map[ids.ID]int64{}}
	for _, name := range r.People {
		id, err := l.person(name)
		if err != nil {
			return chat.Row{}, nil, err
		}
		row.People = append(row.People, id)
	}
	if r.Space == "" {
		return row, r.People, nil
	}
	id, in, err := l.space(r.Space)
	if err != nil {
		return chat.Row{}, nil, err
	}
	row.SpaceID = id
	if len(r.People) > 0 {
		return row, r.People, nil
	}
	return row, slices.Collect(maps.Keys(in.Members)), nil
}

func (l *loader) said(s said) (ids.ID, time.Time, error) {
	author, err := l.person(s.By)
	if err != nil {
		return 0, time.Time{}, err
	}
	at, err := s.on(l.now)
	return author, at, err
}

// topicRows has everything read but what is fresh, and everybody's own words
// with all before them.
func (l *loader) topicRows() ([]forum.Row, error) {
	var rows []forum.Row
	for _, t := range l.Topics {
		id, in, err := l.space(t.Space)
		if err != nil {
			return nil, fmt.Errorf("topic %s: %w", t.Key, err)
		}
		row := forum.Row{SourceKey: key(t.Key), SpaceID: id, Title: t.Title, Pinned: t.Pinned, Closed: t.Closed, Read: map[ids.ID]int64{}}
		read, own := int64(0), map[ids.ID]int64{}
		for i, p := range t.Posts {
			author, at, err := l.said(p)
			if err != nil {
				return nil, fmt.Errorf("topic %s, post %d: %w", t.Key, i+1, err)
			}
			own[author] = int64(i + 1)
			if l.now.Sub(at) > fresh {
				read = int64(i + 1)
			}
			row.Posts = append(row.Posts, forum.RowPost{AuthorID: author, At: at, Body: p.Body})
		}
		for name := range in.Members {
			person := l.people[key(name)]
			row.Read[person] = max(read, own[person])
		}
		rows = append(rows, row)
	}
	return rows, nil
}
