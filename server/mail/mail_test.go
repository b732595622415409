package mail_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"guildhall/server/config"
	sender "guildhall/server/mail"
)

var message = sender.Message{To: "ann@council.example", Key: "code-7", Subject: "Your code — Siân", Text: "Code: BCDF GHJK\n.\nĈ"}

// server is a small SMTP server (RFC 5321) for one test. It keeps each mail as
// it came over the wire.
type server struct {
	net.Listener
	refuse map[string]string // replies by command, such as MAIL to "451 later"

	mu   sync.Mutex
	got  []string // mails, dots taken off
	said []string // commands
}

func listen(t *testing.T, s *server) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Listener = l
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return s
}

func (s *server) serve(c net.Conn) {
	defer c.Close() // the client has said what it had to
	in := bufio.NewScanner(c)
	say := func(line string) { _, _ = fmt.Fprintf(c, "%s\r\n", line) }
	say("220 test")
	for in.Scan() {
		line := in.Text()
		s.mu.Lock()
		s.said = append(s.said, line)
		s.mu.Unlock()
		switch verb, _, _ := strings.Cut(strings.ToUpper(line), " "); {
		case s.refuse[verb] != "":
			say(s.refuse[verb])
		case verb == "EHLO":
			say("250-test\r\n250 8BITMIME")
		case verb == "DATA":
			say("354 go on")
			var b strings.Builder
			for in.Scan() && in.Text() != "." {
				b.WriteString(strings.TrimPrefix(in.Text(), ".") + "\r\n")
			}
			s.mu.Lock()
			s.got = append(s.got, b.String())
			s.mu.Unlock()
			say("250 taken")
		case verb == "QUIT":
			say("221 bye")
			return
		default:
			say("250 yes")
		}
	}
}

func (s *server) mails() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.got...)
}

func (s *server) commands() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.said, "\n")
}

func settings(t *testing.T, smtp string) config.Config {
	t.Helper()
	c, err := config.Load("serve", []string{"--data", t.TempDir(), "--mail-from", "Guildhall <no-reply@guildhall.example>", "--url", "https://guildhall.example"},
		func(name string) (string, bool) { return smtp, name == "SMTP_URL" && smtp != "" }, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// open makes the sender and a log that a test can read.
func open(t *testing.T, smtp string) (sender.Sender, *bytes.Buffer, config.Config) {
	t.Helper()
	var log bytes.Buffer
	c := settings(t, smtp)
	s, err := sender.New(c, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	return s, &log, c
}

// check reads a mail as a mailbox does.
func check(t *testing.T, raw string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	for name, want := range map[string]string{
		"From": `"Guildhall" <no-reply@guildhall.example>`, "To": "<ann@council.example>", "Message-Id": "<code-7@guildhall.example>",
		"Auto-Submitted": "auto-generated", "Mime-Version": "1.0",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if at, err := m.Header.Date(); err != nil || time.Since(at) > time.Hour {
		t.Errorf("the date is %v, %v", at, err)
	}
	if !strings.HasPrefix(m.Header.Get("Subject"), "=?UTF-8?q?") || !strings.Contains(m.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("the header is %v", m.Header)
	}
	if body, err := io.ReadAll(m.Body); err != nil || !strings.Contains(string(body), "BCDF GHJK") {
		t.Errorf("the text is %q, %v", body, err)
	}
}

func TestSMTP(t *testing.T) {
	t.Parallel()
	s := listen(t, &server{})
	out, log, _ := open(t, "smtp://"+s.Addr().String())
	for range 2 { // a second time after a crash: the same Message-ID
		if err := out.Send(context.Background(), message); err != nil {
			t.Fatal(err)
		}
	}
	got := s.mails()
	if len(got) != 2 {
		t.Fatalf("%d mails", len(got))
	}
	for _, raw := range got {
		check(t, raw)
	}
	if said := s.commands(); !strings.Contains(said, "RCPT TO:<ann@council.example>") || strings.Count(said, "RCPT") != 2 {
		t.Errorf("the client said %s", said)
	}
	if log.Len() > 0 && strings.Contains(log.String(), "ann@") {
		t.Errorf("the log holds %s", log)
	}
}

// TestSMTPThatFails: the error goes to the job's last_error and to the log, so
// it holds neither address nor text, and it comes in time.
func TestSMTPThatFails(t *testing.T) {
	t.Parallel()
	closed := listen(t, &server{})
	_ = closed.Close()
	for name, s := range map[string]*server{
		"unknown":   listen(t, &server{refuse: map[string]string{"RCPT": "550 5.1.1 <ann@council.example>: no such user"}}),
		"unwanted":  listen(t, &server{refuse: map[string]string{"MAIL": "550 5.7.1 not from you, and not to ann@council.example"}}),
		"spam":      listen(t, &server{refuse: map[string]string{"DATA": "554 ann@council.example wants none of this"}}),
		"later":     listen(t, &server{refuse: map[string]string{"MAIL": "451 later"}}),
		"not there": closed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, _, _ := open(t, "smtp://"+s.Addr().String())
			limited, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			start := time.Now()
			err := out.Send(limited, message)
			if err == nil || time.Since(start) > 5*time.Second {
				t.Fatalf("%v after %s", err, time.Since(start))
			}
			for _, private := range []string{"ann@", "BCDF"} {
				if strings.Contains(err.Error(), private) {
					t.Errorf("the error shows %s: %v", private, err)
				}
			}
		})
	}
}

// TestFolder: without a mail server each mail is a file for its owner's eyes
// alone, and the log names the file, never the receiver.
func TestFolder(t *testing.T) {
	t.Parallel()
	out, log, c := open(t, "")
	if err := out.Send(context.Background(), message); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(c.MailDir(), "*"))
	if err != nil || len(files) != 1 || filepath.Ext(files[0]) != ".eml" {
		t.Fatalf("the folder holds %v, %v", files, err)
	}
	for path, want := range map[string]os.FileMode{files[0]: 0o600, c.MailDir(): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s is %v, %v", path, info.Mode(), err)
		}
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	check(t, string(raw))
	if !strings.Contains(log.String(), files[0]) || strings.Contains(log.String(), "ann@") || strings.Contains(log.String(), "BCDF") {
		t.Errorf("the log holds %s", log)
	}
}

// TestNoOtherHeaders: what people write never becomes a line of the header or
// another receiver.
func TestNoOtherHeaders(t *testing.T) {
	t.Parallel()
	s := listen(t, &server{})
	out, _, _ := open(t, "smtp://"+s.Addr().String())
	const more = "\r\nBcc: eve@evil.example\r\n\r\nother text"
	for name, m := range map[string]sender.Message{
		"subject":  {To: message.To, Key: "k", Subject: "a" + more, Text: "t"},
		"key":      {To: message.To, Key: "k" + more, Subject: "s", Text: "t"},
		"receiver": {To: message.To + more, Key: "k", Subject: "s", Text: "t"},
		"two":      {To: message.To + ", eve@evil.example", Key: "k", Subject: "s", Text: "t"},
		"command":  {To: "<ann@council.example>\r\nRCPT TO:<eve@evil.example>", Key: "k", Subject: "s", Text: "t"},
		"text":     {To: message.To, Key: "k", Subject: "s", Text: "a\r\n.\r\nMAIL FROM:<eve@evil.example>\r\n"},
	} {
		before := len(s.mails())
		err := out.Send(context.Background(), m)
		if err != nil && strings.Contains(err.Error(), "ann@") {
			t.Errorf("%s: the error shows the address: %v", name, err)
		}
		for _, raw := range s.mails()[before:] {
			header, _, _ := strings.Cut(raw, "\r\n\r\n")
			for line := range strings.SplitSeq(header, "\r\n") {
				if strings.HasPrefix(strings.ToLower(line), "bcc") {
					t.Errorf("%s: a header was added: %s", name, header)
				}
			}
		}
	}
	for line := range strings.SplitSeq(s.commands(), "\n") {
		if strings.Contains(line, "eve@") {
			t.Errorf("the client said %s", line)
		}
	}
}

// TestSettings: a wrong mail setting stops the start with a sentence that
// names it and shows no password; a folder is for loopback alone.
func TestSettings(t *testing.T) {
	t.Parallel()
	c := settings(t, "")
	for url, want := range map[string]string{
		"http://user:secret@mail.example": "SMTP_URL", "smtp://": "SMTP_URL", "smtp://user:secret@mail.example:x": "SMTP_URL",
		"smtp://user:secret@mail.example:99999": "SMTP_URL", "://secret": "SMTP_URL",
	} {
		c.SMTPURL = url
		if _, err := sender.New(c, slog.Default()); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", url, err)
		}
	}
	c.SMTPURL, c.MailFrom = "", "nobody"
	if _, err := sender.New(c, slog.Default()); err == nil || !strings.Contains(err.Error(), "GUILDHALL_MAIL_FROM") {
		t.Errorf("a sender without address: %v", err)
	}
	_, err := config.Load("serve", []string{"--listen", "0.0.0.0:8080"}, func(string) (string, bool) { return "", false }, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "SMTP_URL") {
		t.Errorf("no mail server on an open address: %v", err)
	}
}
