package accounts

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/audit"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/limit"
	"guildhall/server/problem"
)

// AskCode sends a code to the address if somebody has it. What is done and
// answered is the same whether or not anybody does. Browser is the token of
// the browser that asks; the code counts only there.
func (s *Service) AskCode(ctx context.Context, email, browser string) error {
	email, err := checkEmail(email)
	if err != nil {
		return err
	}
	if err := s.limitAddress(ctx); err != nil {
		return err
	}
	now := s.now()
	if err := limit.Take(ctx, s.db, now, "codes:"+fmt.Sprintf("%x", hash(email)), s.config.LimitCodes, time.Hour); err != nil {
		return err
	}
	nonce := make([]byte, 16)
	if _, err := rand.Read(nonce); err != nil {
		return fmt.Errorf("make code: %w", err)
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		id, err := insertCode(ctx, tx, newCode{hash(browser), email, nonce, now, now.Add(codeLife)})
		if err != nil {
			return fmt.Errorf("store code: %w", err)
		}
		events.Emit(ctx, tx, events.CodeAsked{CodeID: id, Expires: now.Add(codeLife)})
		return nil
	})
}

// limitAddress slows an address that asks for very many sign-ins: loosely,
// since a whole cohort signs in from one hotel.
func (s *Service) limitAddress(ctx context.Context) error {
	r := api.RequestFrom(ctx)
	if r.Exempt {
		return nil
	}
	return limit.Take(ctx, s.db, s.now(), "sign-ins:"+limit.Address(r.Peer), s.config.LimitAddressSignIns, 10*time.Minute)
}

// wrongCode is the answer to every code that does not fit, whatever the
// reason, so that nothing is learnt from it.
func wrongCode() error {
	p := problem.Invalid("body.code", "this code is not right, or it is older than ten minutes")
	p.Type = "/problems/code-wrong"
	return p
}

// Verify signs in with a code that was sent to the address, in the browser
// that asked for it, or with one that an operator made, and gives the token of
// the new session. A code works once and takes five tries.
func (s *Service) Verify(ctx context.Context, email, code, browser string) (string, error) {
	if err := s.limitAddress(ctx); err != nil {
		return "", err
	}
	var token string
	right := false
	// A wrong try must be counted, so the transaction commits either way.
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		now := s.now()
		rows, err := lockCodes(ctx, tx, hash(browser), hash(cleanEmail(email)), now)
		if err != nil {
			return fmt.Errorf("find code: %w", err)
		}
		rows = slices.DeleteFunc(rows, codeRow.spent)
		at := slices.IndexFunc(rows, func(r codeRow) bool { return r.AccountID != nil && sameCode(s.code(r.Nonce), code) })
		if at < 0 {
			return countTry(ctx, tx, rows)
		}
		row := rows[at]
		if err := useCodes(ctx, tx, row.ID, now); err != nil {
			return fmt.Errorf("use up code: %w", err)
		}
		right = true
		token, err = s.startSession(ctx, tx, *row.AccountID, row.EmailID)
		return err
	})
	if err == nil && !right {
		err = wrongCode()
	}
	return token, err
}

// startSession begins a session in the browser that asks. The one that it had
// is ended: its cookie is replaced, so nobody could end it later.
func (s *Service) startSession(ctx context.Context, tx *db.Tx, account ids.ID, email *ids.ID) (string, error) {
	token, now := ids.Token(32), s.now()
	if err := endReplaced(ctx, tx, api.RequestFrom(ctx).Cookie, now); err != nil {
		return "", err
	}
	if email != nil {
		if err := verifyEmail(ctx, tx, *email, now); err != nil {
			return "", fmt.Errorf("verify address: %w", err)
		}
	}
	session, err := insertSession(ctx, tx, account, hash(token), device(api.RequestFrom(ctx).Device), now, now.Add(sessionLife))
	if err != nil {
		return "", fmt.Errorf("start session: %w", err)
	}
	return token, audit.Record(ctx, tx, access.Actor{ID: account}, audit.Act{Action: "session-started", Kind: "session", Subject: session})
}

func endReplaced(ctx context.Context, tx *db.Tx, cookie string, now time.Time) error {
	if cookie == "" {
		return nil
	}
	was, err := endSessionOf(ctx, tx, hash(cookie), now)
	if db.NoRows(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("end the browser's session: %w", err)
	}
	events.Emit(ctx, tx, events.SessionEnded{AccountID: was.AccountID, SessionIDs: []ids.ID{was.ID}})
	return audit.Record(ctx, tx, access.Actor{ID: was.AccountID}, audit.Act{Action: "session-replaced", Kind: "session", Subject: was.ID})
}

// SignInDemo signs in as one of the demonstration's people, or as load-N for
// measuring. Outside the demonstration there is nobody.
func (s *Service) SignInDemo(ctx context.Context, as string) (string, error) {
	if !s.config.Demo {
		return "", problem.NotFound("demonstration")
	}
	unknown := problem.Invalid("body.as", "there is no such demo person: say admin, moderator, facilitator, member, outsider or load-1 to load-20000")
	var token string
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		var account ids.ID
		var err error
		if text, ok := strings.CutPrefix(as, "load-"); ok {
			n, wrong := strconv.Atoi(text)
			if wrong != nil || n < 1 || n > 20_000 || text != strconv.Itoa(n) {
				return unknown
			}
			account, err = s.loadPerson(ctx, tx, n)
		} else {
			account, err = getAccountBySource(ctx, tx, "demo:"+as)
			if db.NoRows(err) {
				return unknown
			}
		}
		if err != nil {
			return fmt.Errorf("find demo person: %w", err)
		}
		token, err = s.startSession(ctx, tx, account, nil)
		return err
	})
	return token, err
}

// loadPerson finds or makes a person for measuring, a member of one space.
func (s *Service) loadPerson(ctx context.Context, tx *db.Tx, n int) (ids.ID, error) {
	account, made, err := upsertLoadPerson(ctx, tx, n, fmt.Sprintf("Load person %d", n))
	if err != nil || !made {
		return account, err
	}
	return account, s.joinLoad(ctx, tx, account)
}

// Session is one device that is signed in.
type Session struct {
	ID         ids.ID    `json:"id" db:"id"`
	Device     string    `json:"device" db:"device"`
	CreatedAt  time.Time `json:"createdAt" db:"created_at"`
	LastSeenAt time.Time `json:"lastSeenAt" db:"last_seen_at" doc:"To the hour"`
	ExpiresAt  time.Time `json:"expiresAt" db:"expires_at"`
	Current    bool      `json:"current" db:"-"`
}

// Sessions lists where the person is signed in, the latest use first.
func (s *Service) Sessions(ctx context.Context, who access.Actor) ([]Session, error) {
	list, err := listSessions(ctx, s.db, who.ID, s.now())
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	for i := range list {
		list[i].Current = list[i].ID == who.SessionID
	}
	return list, nil
}

// SignOut ends one session of the person; without an id, all but the present
// one.
func (s *Service) SignOut(ctx context.Context, who access.Actor, session ids.ID) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		ended, err := endSessions(ctx, tx, who.ID, session, who.SessionID, s.now())
		if err != nil {
			return fmt.Errorf("end sessions: %w", err)
		}
		if session != 0 && len(ended) == 0 {
			return problem.NotFound("session")
		}
		if len(ended) == 0 {
			return nil
		}
		events.Emit(ctx, tx, events.SessionEnded{AccountID: who.ID, SessionIDs: ended})
		return audit.Record(ctx, tx, who, audit.Act{Action: "sessions-ended", Kind: "account", Subject: who.ID, Detail: map[string]any{"sessions": len(ended)}})
	})
}

// CookieName is the session cookie's name: with the __Host- prefix over https,
// which a browser accepts only with Secure, Path=/ and no Domain.
func CookieName(secure bool) string {
	if secure {
		return "__Host-guildhall"
	}
	return "guildhall"
}

// Cookie carries a session's token for as long as the session lasts.
func (s *Service) Cookie(token string) http.Cookie { return s.cookie(token, sessionLife) }

func (s *Service) cookie(token string, life time.Duration) http.Cookie {
	c := http.Cookie{
		Name: CookieName(s.config.Secure()), Value: token, Path: "/", HttpOnly: true,
		Secure: s.config.Secure(), SameSite: http.SameSiteLaxMode, MaxAge: int(life.Seconds()),
	}
	if life <= 0 {
		c.MaxAge = -1
	}
	return c
}

// device makes a User-Agent into words such as "Firefox on Windows".
func device(agent string) string {
	pick := func(from [][2]string, other string) string {
		for _, p := range from {
			if strings.Contains(agent, p[0]) {
				return p[1]
			}
		}
		return other
	}
	browser := pick([][2]string{{"Edg", "Edge"}, {"Firefox", "Firefox"}, {"Chrome", "Chrome"}, {"Safari", "Safari"}}, "A browser")
	system := pick([][2]string{{"Windows", "Windows"}, {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Mac OS", "Mac"}, {"Linux", "Linux"}}, "")
	if system == "" {
		return browser
	}
	return browser + " on " + system
}
