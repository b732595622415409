package accounts

import (
	"context"
	"fmt"
	"time"

	"guildhall/server/access"
	"guildhall/server/audit"
	"guildhall/server/db"
	"guildhall/server/ids"
)

// firstCodeLife is longer than a mailed code's: somebody reads it off a
// terminal and types it elsewhere.
const firstCodeLife = time.Hour

// MakeAdmin makes the person of the address an administrator, with an account
// if there is none, and gives a code with which they sign in once, in
// any browser.
func (s *Service) MakeAdmin(ctx context.Context, tx *db.Tx, email, name string) (account ids.ID, code string, err error) {
	operator := access.Actor{}
	if account, err = s.Invite(ctx, tx, operator, email, name); err != nil {
		return 0, "", err
	}
	if err := setSiteRole(ctx, tx, account, access.SiteAdmin); err != nil {
		return 0, "", fmt.Errorf("set site role: %w", err)
	}
	email = cleanEmail(email)
	nonce := []byte(ids.Token(16))
	now := s.now()
	if _, err := insertCode(ctx, tx, newCode{nil, email, nonce, now, now.Add(firstCodeLife)}); err != nil {
		return 0, "", fmt.Errorf("store code: %w", err)
	}
	code = s.code(nonce)
	return account, code[:4] + " " + code[4:], audit.Record(ctx, tx, operator, audit.Act{Action: "admin-made", Kind: "account", Subject: account})
}
