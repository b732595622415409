// Package mail sends one mail out: by SMTP, or into a folder where there is no
// mail server.
package mail

import (
	"context"
	"fmt"
	"log/slog"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"

	"guildhall/server/config"
	"guildhall/server/ids"
)

// Message is one mail to one person, in plain text.
type Message struct {
	To      string
	Subject string
	Text    string
	// Key makes the Message-ID: a mail that is sent twice after a crash has
	// the same one, so that mailboxes may show it once.
	Key string
}

// Sender sends mail. SMTP, a folder and a test's memory stand behind it.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// New gives the sender that the settings ask for.
func New(c config.Config, log *slog.Logger) (Sender, error) {
	from, err := c.Sender()
	if err != nil {
		return nil, err
	}
	server, err := c.MailServer()
	if err != nil {
		return nil, err
	}
	host := "localhost"
	if u, err := url.Parse(c.URL); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	w := writer{from: from, host: host}
	if server == nil {
		return &folder{writer: w, dir: c.MailDir(), log: log}, nil
	}
	client, err := dial(server)
	if err != nil {
		return nil, err
	}
	return &smtp{writer: w, client: client}, nil
}

// writer makes the mail's text.
type writer struct {
	from *mail.Address
	host string
}

func (w writer) build(m Message) (*gomail.Msg, error) {
	msg := gomail.NewMsg()
	msg.FromMailAddress(w.from)
	if err := msg.To(m.To); err != nil {
		// The address itself must not reach a log.
		return nil, fmt.Errorf("the receiver's address is not valid")
	}
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(m.Key + "@" + w.host)
	msg.SetDate()
	// Tells mail systems not to answer by themselves (RFC 3834).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	return msg, nil
}

type smtp struct {
	writer
	client *gomail.Client
}

func dial(u *url.URL) (*gomail.Client, error) {
	options := []gomail.Option{gomail.WithTimeout(20 * time.Second), gomail.WithTLSPolicy(gomail.TLSMandatory), gomail.WithPort(587)}
	if u.Scheme == "smtps" {
		options = append(options, gomail.WithSSL(), gomail.WithPort(465))
	}
	if h := u.Hostname(); h == "localhost" || h == "127.0.0.1" || h == "::1" {
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic)) // nobody listens in on loopback
	}
	if p := u.Port(); p != "" {
		port, err := strconv.Atoi(p)
		if err != nil {
			return nil, fmt.Errorf("SMTP_URL has no valid port")
		}
		options = append(options, gomail.WithPort(port))
	}
	if u.User != nil {
		password, _ := u.User.Password()
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	client, err := gomail.NewClient(u.Hostname(), options...)
	if err != nil {
		return nil, fmt.Errorf("SMTP_URL: %w", err)
	}
	return client, nil
}

// Send hands the mail to the mail server.
func (s *smtp) Send(ctx context.Context, m Message) error {
	msg, err := s.build(m)
	if err != nil {
		return err
	}
	if err := s.client.DialAndSendWithContext(ctx, msg); err != nil {
		// The mail server's words name the receiver, and this goes to a log.
		return fmt.Errorf("send mail: %s", address.ReplaceAllString(err.Error(), "(address)"))
	}
	return nil
}

var address = regexp.MustCompile(`[^\s<>"']+@[^\s<>"',;:]+`)

// folder writes one file for each mail, for its owner's eyes alone.
type folder struct {
	writer
	dir string
	log *slog.Logger
}

// Send writes the mail and logs the file's name, never the receiver.
func (f *folder) Send(_ context.Context, m Message) error {
	msg, err := f.build(m)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return fmt.Errorf("make mail folder: %w", err)
	}
	path := filepath.Join(f.dir, ids.NewUUID()+".eml")
	// A reader must never see half a mail: write beside, then rename.
	file, err := os.OpenFile(path+".new", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	_, err = msg.WriteTo(file)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	f.log.Info("mail written", "file", path)
	return nil
}

// Memory keeps mail for a test.
type Memory struct {
	mu   sync.Mutex
	sent []Message
}

// Send keeps the mail.
func (m *Memory) Send(_ context.Context, msg Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent = append(m.sent, msg)
	return nil
}

// Sent lists what was sent, oldest first.
func (m *Memory) Sent() []Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Message(nil), m.sent...)
}
