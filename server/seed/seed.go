// Package seed fills a network for the demonstration. Everybody and every
// council in it is made up.
package seed

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"time"

	"guildhall/server/access"
	"guildhall/server/accounts"
	"guildhall/server/chat"
	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/spaces"
)

//go:embed demo.json
var demo []byte

// network is the demonstration as demo.json tells it.
type network struct {
	People []struct {
		Key, Name, Email, Job, About string
		Site                         access.SiteRole
		AskMeAbout, ServiceAreas     []string
	}
	Spaces []struct {
		Key, Name, Description, Admission         string
		Kind                                      spaces.Kind
		Listed                                    bool
		ResidentialFrom, ResidentialTo, ReviewDay *string
		Members                                   map[string]access.Role
	}
	Rooms []struct {
		Key, Space, Name, Topic string
		Unread                  map[string]int
		Messages                []struct {
			By, Body string
			Day      int    // days from today, 0 or less
			Time     string // hh:mm in the network's zone
		}
	}
}

// Demo loads the demonstration, and the hall for measuring, in one
// transaction. Once loaded, it is left as people have changed it.
func Demo(ctx context.Context, d *db.DB, places *spaces.Service, now time.Time, zone *time.Location) error {
	var n network
	if err := json.Unmarshal(demo, &n); err != nil {
		return fmt.Errorf("read demo.json: %w", err)
	}
	return d.Tx(ctx, func(tx *db.Tx) error {
		people, err := accounts.Load(ctx, tx, n.people())
		if err != nil {
			return err
		}
		rows, err := n.spaces(people)
		if err != nil {
			return err
		}
		where, err := places.Load(ctx, tx, rows)
		if err != nil {
			return err
		}
		rooms, err := n.rooms(people, where, now.In(zone))
		if err != nil {
			return err
		}
		return chat.Load(ctx, tx, rooms)
	})
}

func (n network) people() []accounts.Row {
	var rows []accounts.Row
	for _, p := range n.People {
		rows = append(rows, accounts.Row{
			Key: "demo:" + p.Key, Name: p.Name, Email: p.Email, Site: p.Site, Job: p.Job, About: p.About,
			AskMeAbout: p.AskMeAbout, ServiceAreas: p.ServiceAreas,
		})
	}
	return rows
}

func (n network) spaces(people map[string]ids.ID) ([]spaces.Row, error) {
	everybody := map[ids.ID]access.Role{}
	for _, id := range people {
		everybody[id] = access.Member
	}
	rows := []spaces.Row{
		{Key: "demo:network", Kind: spaces.Network, Members: everybody},
		{Key: "demo:load", Kind: spaces.Load, Name: "Load hall", Description: "For measuring. Nobody else is here."},
	}
	for _, s := range n.Spaces {
		row := spaces.Row{
			Key: "demo:" + s.Key, Kind: s.Kind, Name: s.Name, Description: s.Description, Admission: s.Admission, Listed: s.Listed,
			ResidentialFrom: s.ResidentialFrom, ResidentialTo: s.ResidentialTo, ReviewDay: s.ReviewDay, Members: map[ids.ID]access.Role{},
		}
		for key, role := range s.Members {
			id, ok := people["demo:"+key]
			if !ok {
				return nil, fmt.Errorf("space %s: there is no person %q", s.Key, key)
			}
			row.Members[id] = role
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (n network) rooms(people, where map[string]ids.ID, today time.Time) ([]chat.Row, error) {
	rows := []chat.Row{{Key: "demo:load", SpaceID: where["demo:load"], Name: "Measuring"}}
	var readers []ids.ID
	for _, id := range people {
		readers = append(readers, id)
	}
	for _, r := range n.Rooms {
		space, ok := where["demo:"+r.Space]
		if !ok {
			return nil, fmt.Errorf("room %s: there is no space %q", r.Key, r.Space)
		}
		row := chat.Row{Key: "demo:" + r.Key, SpaceID: space, Name: r.Name, Topic: r.Topic, Read: readers, Unread: map[ids.ID]int{}}
		for key, unread := range r.Unread {
			row.Unread[people["demo:"+key]] = unread
		}
		for i, m := range r.Messages {
			at, err := time.ParseInLocation("15:04", m.Time, today.Location())
			author, known := people["demo:"+m.By]
			if err != nil || !known {
				return nil, fmt.Errorf("room %s, message %d: by %q at %q", r.Key, i+1, m.By, m.Time)
			}
			day := today.AddDate(0, 0, m.Day)
			said := time.Date(day.Year(), day.Month(), day.Day(), at.Hour(), at.Minute(), 0, 0, today.Location())
			row.Messages = append(row.Messages, chat.Said{Author: author, At: said, Body: m.Body})
		}
		rows = append(rows, row)
	}
	return rows, nil
}
