// Package accounts knows people: who they are, where they work, and how they
// prove it. There are no passwords: a code goes to a known address and counts
// only in the browser that asked for it.
package accounts

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"guildhall/search"
	"guildhall/server/access"
	"guildhall/server/clock"
	"guildhall/server/config"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/limit"
	"guildhall/server/mail"
	"guildhall/server/problem"
	"guildhall/server/text"
)

const (
	codeLength    = 8
	codeLife      = 10 * time.Minute
	codeTries     = 5
	operatorTries = 1000
	sessionLife   = 30 * 24 * time.Hour // after the last use
	seenEvery     = time.Hour           // so that reading stays reading
)

// Person is a name and a face, as lists and messages show it.
type Person struct {
	ID             ids.ID  `json:"id" db:"id"`
	Name           string  `json:"name" db:"name"`
	Job            string  `json:"job" db:"job"`
	Organisation   string  `json:"organisation" db:"organisation"`
	OrganisationID *ids.ID `json:"organisationId" nullable:"true" db:"organisation_id"`
	Former         bool    `json:"former" db:"former"`
}

// Service is what one can do with accounts.
type Service struct {
	db       *db.DB
	log      *slog.Logger
	now      clock.Clock
	mail     mail.Sender
	words    *text.Catalogue
	config   config.Config
	changes  *limit.Rate
	secret   []byte
	joinLoad func(context.Context, *db.Tx, ids.ID) error
	terminal io.Writer // demo only: where codes are printed
}

// Deps is what the service stands on.
type Deps struct {
	DB     *db.DB
	Bus    *events.Bus
	Log    *slog.Logger
	Now    clock.Clock
	Mail   mail.Sender
	Words  *text.Catalogue
	Config config.Config
	Search *search.Service
	// Changes limits how often a person changes their profile; it is shared
	// with the spaces.
	Changes *limit.Rate
	Secret  []byte // shared by all nodes; codes are made from it
	// Terminal is where `serve --demo` prints codes, nil elsewhere.
	Terminal io.Writer
}

// New makes the service, adds its listeners and plugs it into search.
func New(d Deps) *Service {
	s := &Service{
		db: d.DB, log: d.Log, now: d.Now, mail: d.Mail, words: d.Words,
		config: d.Config, changes: d.Changes, secret: d.Secret, terminal: d.Terminal,
	}
	d.Search.Add(search.Source{Kind: Kind, Hydrate: s.hydrate})
	s.listen(d.Bus)
	return s
}

// JoinLoadHall says how a person made for measuring gets into their space. It
// is set once, at start, by the package that owns spaces.
func (s *Service) JoinLoadHall(join func(context.Context, *db.Tx, ids.ID) error) { s.joinLoad = join }

// LoadActor gives the person of a session token, or a stranger when there is
// no such session, it has ended, or the person may not come in. Renewed says that
// the session now lasts longer, as its cookie should.
func (s *Service) LoadActor(ctx context.Context, token string) (who access.Actor, renewed bool, err error) {
	if token == "" || len(token) > 128 {
		return access.Actor{}, false, nil
	}
	now := s.now()
	row, err := getSession(ctx, s.db, hash(token), now)
	if db.NoRows(err) {
		return access.Actor{}, false, nil
	}
	if err != nil {
		return access.Actor{}, false, fmt.Errorf("load session: %w", err)
	}
	if renewed = now.Sub(row.LastSeenAt) > seenEvery; renewed {
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			return touchSession(ctx, tx, row.SessionID, now, now.Add(sessionLife))
		})
		if err != nil { // reading goes on where nothing can be written; the next request tries again
			s.log.Warn("a session was not renewed", "account", row.AccountID, "error", err)
			renewed = false
		}
	}
	return row.actor(), renewed, nil
}

// Reload gives the same person's rights as they are now; a stranger if the
// session has ended. The live connection calls it when rights change.
func (s *Service) Reload(ctx context.Context, session ids.ID) (access.Actor, error) {
	row, err := getSessionByID(ctx, s.db, session, s.now())
	if db.NoRows(err) {
		return access.Actor{}, nil
	}
	if err != nil {
		return access.Actor{}, fmt.Errorf("reload session: %w", err)
	}
	return row.actor(), nil
}

// Actor gives an account's rights as they are now, without a session; a
// stranger if it is suspended or erased. It is for what somebody asked to have
// done later.
func (s *Service) Actor(ctx context.Context, account ids.ID) (access.Actor, error) {
	row, err := getActor(ctx, s.db, account)
	if db.NoRows(err) {
		return access.Actor{}, nil
	}
	if err != nil {
		return access.Actor{}, fmt.Errorf("load account: %w", err)
	}
	return row.actor(), nil
}

// Stale gives the sessions of those who are no longer what they were when they
// were loaded: signed out, run out, suspended, erased, or without one of the
// roles that they had.
func (s *Service) Stale(ctx context.Context, held []access.Actor) ([]ids.ID, error) {
	stale, err := listStale(ctx, s.db, held, s.now())
	if err != nil {
		return nil, fmt.Errorf("list stale sessions: %w", err)
	}
	return stale, nil
}

func hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// code derives the code of a row, so that it is stored nowhere and a mail that
// is written twice holds the same one.
func (s *Service) code(nonce []byte) string {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte("sign-in code"))
	mac.Write(nonce)
	const letters = "BCDFGHJKLMNPQRSTVWXZ23456789"
	out := make([]byte, codeLength)
	for i, b := range mac.Sum(nil)[:codeLength] {
		out[i] = letters[int(b)%len(letters)]
	}
	return string(out)
}

// sameCode compares as people type: any case, spaces and dashes left out. It
// takes the same time for every wrong code.
func sameCode(want, typed string) bool {
	typed = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(typed))
	return subtle.ConstantTimeCompare([]byte(want), []byte(typed)) == 1
}

// cleanEmail is the form in which addresses are stored and compared.
func cleanEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// checkEmail cleans an address and refuses what cannot be one.
func checkEmail(email string) (string, error) {
	email = cleanEmail(email)
	at := strings.IndexByte(email, '@')
	odd := strings.ContainsFunc(email, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) || strings.ContainsRune(",;<>", r) })
	if at < 1 || at == len(email)-1 || len(email) > 254 || odd || !utf8.ValidString(email) {
		return "", problem.Invalid("body.email", "enter an email address, such as name@example.gov.uk")
	}
	return email, nil
}
