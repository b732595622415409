package accounts

import (
	"context"
	"fmt"

	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/mail"
)

func (s *Service) listen(bus *events.Bus) {
	events.Kept(bus, "accounts.mail-code", s.mailCode, nil)
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
