package accounts

import (
	"context"
	"fmt"
	"strings"

	"guildhall/search"
	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/mail"
)

// Kind is what search calls people.
const Kind = "person"

func (s *Service) listen(bus *events.Bus) {
	events.Kept(bus, "accounts.mail-code", s.mailCode, nil)
	Follow(bus, s.db)
}

// Follow keeps people findable under the names that their organisations and
// service areas have. Loading open data listens with it too, where there is no
// Service yet.
func Follow(bus *events.Bus, d *db.DB) {
	events.Kept(bus, "accounts.organisation-changed", func(ctx context.Context, e events.OrganisationChanged) error {
		return putAgain(ctx, d, func(tx *db.Tx) ([]ids.ID, error) { return peopleOf(ctx, tx, e.OrganisationID) })
	}, nil)
	events.Kept(bus, "accounts.service-area-changed", func(ctx context.Context, e events.ServiceAreaChanged) error {
		return putAgain(ctx, d, func(tx *db.Tx) ([]ids.ID, error) { return peopleInArea(ctx, tx, e.Slug) })
	}, nil)
}

func putAgain(ctx context.Context, d *db.DB, whom func(*db.Tx) ([]ids.ID, error)) error {
	return d.Tx(ctx, func(tx *db.Tx) error {
		list, err := whom(tx)
		if err != nil {
			return fmt.Errorf("find people to put again: %w", err)
		}
		return Put(ctx, tx, list...)
	})
}

// mailCode writes the mail of a code. It may run twice: both mails hold the
// same code and the same Message-ID.
func (s *Service) mailCode(ctx context.Context, e events.CodeAsked) error {
	to, err := getOutgoing(ctx, s.db, e.CodeID, s.now())
	if db.NoRows(err) {
		return nil // nobody has the address, or the code is used or too old
	}
	if err != nil {
		return fmt.Errorf("load code: %w", err)
	}
	code := s.code(to.Nonce)
	spaced := code[:4] + " " + code[4:]
	values := map[string]any{"code": spaced, "name": to.Name, "site": s.config.Name, "url": s.config.URL}
	if s.terminal != nil {
		fmt.Fprintf(s.terminal, "  Sign-in code for %s: %s\n", to.Email, spaced) // a lost terminal loses nothing
	}
	return s.mail.Send(ctx, mail.Message{
		To: to.Email, Key: fmt.Sprintf("code-%d", e.CodeID),
		Subject: s.words.Say(to.Language, "mail.code.subject", values),
		Text:    s.words.Say(to.Language, "mail.code.text", values),
	})
}

// Sweep forgets codes that are over. It runs once an hour on each node.
func (s *Service) Sweep(ctx context.Context) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error { return deleteOldCodes(ctx, tx, s.now().Add(-codeLife)) })
}

// Put makes people findable, as they are now, by those who share the network
// with them; who is not in the network cannot be found.
func Put(ctx context.Context, tx *db.Tx, list ...ids.ID) error {
	if len(list) == 0 {
		return nil
	}
	rows, err := listFindable(ctx, tx, list)
	if err != nil {
		return fmt.Errorf("read people to put: %w", err)
	}
	docs := make([]search.Doc, len(rows))
	for i, r := range rows {
		docs[i] = search.Doc{
			Kind: Kind, ID: r.ID, SpaceID: r.SpaceID, At: r.At, Title: r.Name,
			Terms: strings.Join([]string{r.Job, r.Organisation, r.Areas}, ". "), Summary: strings.Join(r.AskMeAbout, ". "), Text: r.About,
		}
	}
	return search.Put(ctx, tx, docs...)
}

// hydrate reads people for search: those who share a space with the reader.
func (s *Service) hydrate(ctx context.Context, who access.Actor, list []ids.ID) (map[ids.ID]search.Row, error) {
	rows, err := listFound(ctx, s.db, who.In(access.ViewSpace), list)
	if err != nil {
		return nil, fmt.Errorf("read people: %w", err)
	}
	out := make(map[ids.ID]search.Row, len(rows))
	for _, r := range rows {
		var text []string
		for _, part := range []string{r.Job, strings.Join(r.AskMeAbout, ", "), r.About} {
			if part != "" {
				text = append(text, part)
			}
		}
		out[r.ID] = search.Row{Title: r.Name, Text: strings.Join(text, ". "), Where: r.Organisation, Path: "/people/" + r.ID.String()}
	}
	return out, nil
}
