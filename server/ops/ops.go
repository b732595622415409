// Package ops is what an operator needs: health, the site's facts, secrets
// that all nodes share, backup and restore.
package ops

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/config"
	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/orgs"
)

// Health says whether the node can serve.
type Health struct {
	DB       *db.DB
	Draining func() bool
}

// Ready is nil when requests can be served.
func (h Health) Ready(ctx context.Context) error {
	if h.Draining() {
		return fmt.Errorf("the server is going down")
	}
	limited, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var one int
	if err := h.DB.GetContext(limited, &one, `select 1`); err != nil {
		return fmt.Errorf("the database does not answer: %w", err)
	}
	return nil
}

// Secret gives a secret of the server, made once and kept in PostgreSQL so
// that all nodes agree.
func Secret(ctx context.Context, d *db.DB, name string) ([]byte, error) {
	var value string
	err := d.Tx(ctx, func(tx *db.Tx) error {
		const insert = `insert into server_settings (name, value) values ($1, $2) on conflict (name) do nothing`
		if _, err := tx.ExecContext(ctx, insert, "secret:"+name, ids.Token(32)); err != nil {
			return err
		}
		return tx.GetContext(ctx, &value, `select value from server_settings where name = $1`, "secret:"+name)
	})
	if err != nil {
		return nil, fmt.Errorf("load secret %s: %w", name, err)
	}
	return base64.RawURLEncoding.DecodeString(value)
}

// CheckDemo keeps demonstration and real networks apart: a demonstration
// starts only on an empty database or one that is marked, and a marked one is
// refused to all else. An empty database is marked here.
func CheckDemo(ctx context.Context, d *db.DB, demo bool) error {
	return d.Tx(ctx, func(tx *db.Tx) error {
		var s struct {
			Marked bool `db:"marked"`
			Empty  bool `db:"empty"`
		}
		const query = `select exists (select from server_settings where name = 'demo') as marked, not exists (select from accounts) as empty`
		if err := tx.GetContext(ctx, &s, query); err != nil {
			return fmt.Errorf("look for the demo mark: %w", err)
		}
		switch {
		case s.Marked && !demo:
			return fmt.Errorf("this database belongs to the demonstration: start with --demo, or name another with --data or DATABASE_URL")
		case demo && !s.Marked && !s.Empty:
			return fmt.Errorf("this database has real people in it: --demo starts only on an empty one (another --data or DATABASE_URL)")
		case demo && !s.Marked:
			if _, err := tx.ExecContext(ctx, `insert into server_settings (name, value) values ('demo', 'yes')`); err != nil {
				return fmt.Errorf("mark the demonstration: %w", err)
			}
		}
		return nil
	})
}

// Site is what everybody may know of this network.
type Site struct {
	Config  config.Config
	Version string
}

// Facts is what the sign-in page shows.
type Facts struct {
	Name        string `json:"name"`
	Demo        bool   `json:"demo" doc:"A demonstration: made-up people, nothing is private"`
	Version     string `json:"version"`
	Attribution string `json:"attribution" doc:"Must be shown where the open data is"`
	TimeZone    string `json:"timeZone"`
	MostFiles   int    `json:"mostFiles" doc:"Files in one message"`
	MostFileMB  int    `json:"mostFileMB" doc:"Size of one file, in megabytes of 1,000,000 bytes"`
	KeptDays    int    `json:"conversationsKeptDays" doc:"How long conversations between people are kept; 0 is for ever"`
}

// Routes adds the endpoint.
func (s Site) Routes(r *api.Router) {
	api.Handle(r, api.Op{ID: "get-site", Method: "GET", Path: "/site", Summary: "What everybody may know of this network", Door: api.Public},
		func(context.Context, access.Actor, *struct{}) (*Facts, error) {
			c := s.Config
			return &Facts{
				Name: c.Name, Demo: c.Demo, Version: s.Version, Attribution: orgs.Attribution, TimeZone: c.TimeZone,
				MostFiles: c.LimitFiles, MostFileMB: c.LimitFileMB, KeptDays: c.RetentionConversations,
			}, nil
		})
}
