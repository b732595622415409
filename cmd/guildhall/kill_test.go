package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
)

// The test program is also the program that is tested: with this variable set
// it does what its arguments say, as guildhall does.
const programVariable = "GUILDHALL_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(programVariable) != "" {
		os.Exit(run())
	}
	os.Exit(m.Run())
}

// program is a running guildhall with a private PostgreSQL.
type program struct {
	t       *testing.T
	cmd     *exec.Cmd
	address string
}

// serveDemo starts the server and waits until it says that it is ready.
func serveDemo(t *testing.T, data, address string) *program {
	t.Helper()
	p := &program{t: t, address: address, cmd: exec.Command(os.Args[0], "serve", "--demo", "--data", data, "--listen", address)}
	p.cmd.Env = append(os.Environ(), programVariable+"=yes", "DATABASE_URL=")
	var complaints bytes.Buffer
	p.cmd.Stderr = &complaints
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill(); p.cmd.Wait() })
	ready := make(chan bool, 1)
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "Guildhall is ready") {
				ready <- true
			}
		}
		close(ready)
	}()
	select {
	case is := <-ready:
		if !is {
			p.cmd.Wait()
			t.Fatalf("it did not start: %s", complaints.String())
		}
	case <-time.After(time.Minute):
		t.Fatal("it did not start in a minute")
	}
	return p
}

var web = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 100}}

// ask makes a request; any status but 200 and 201 is an error.
func (p *program) ask(cookie *http.Cookie, method, path string, body, into any) (*http.Response, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequest(method, "http://"+p.address+path, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", "http://"+p.address)
	if cookie != nil {
		r.AddCookie(cookie)
	}
	res, err := web.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s answered %s: %s", method, path, res.Status, answer)
	}
	if err == nil && into != nil {
		err = json.Unmarshal(answer, into)
	}
	return res, err
}

// said is a message as its sender knows it. Without a number it was not
// acknowledged.
type said struct {
	ClientID string `json:"clientId"`
	Body     string `json:"body"`
	Seq      int64  `json:"seq"`
}

// sender posts one message after the other, as a person does.
type sender struct {
	cookie *http.Cookie
	said   []said
}

// post sends a message, again perhaps, and gives the number it has.
func (s *sender) post(p *program, room string, m said) (int64, error) {
	var stored said
	_, err := p.ask(s.cookie, "POST", room+"/messages", map[string]string{"clientId": m.ClientID, "body": m.Body}, &stored)
	if err == nil && (stored.ClientID != m.ClientID || stored.Body != m.Body || stored.Seq == 0) {
		err = fmt.Errorf("sent %+v, stored %+v", m, stored)
	}
	return stored.Seq, err
}

// untilCut posts until the server is gone.
func (s *sender) untilCut(p *program, room, name string, acknowledged *atomic.Int64) {
	for {
		m := said{ClientID: uuid.NewString(), Body: fmt.Sprintf("%s, message %d", name, len(s.said)+1)}
		seq, err := s.post(p, room, m)
		if err == nil {
			m.Seq = seq
			acknowledged.Add(1)
		}
		s.said = append(s.said, m)
		if err != nil {
			return
		}
	}
}

// TestNothingAcknowledgedIsLost: kill -9 while 50 people post. What was
// acknowledged is there once, with its number; what was not is sent again and
// is there once too; numbers have no gaps.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	data, err := os.MkdirTemp("", "guildhall-kill-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(data) })
	if err := os.Chmod(data, 0o755); err != nil { // the account that runs PostgreSQL must get through
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()

	p := serveDemo(t, data, address)
	senders := make([]*sender, 50)
	for i := range senders {
		res, err := p.ask(nil, "POST", "/api/demo/sign-in", map[string]string{"as": fmt.Sprintf("load-%d", i+1)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		senders[i] = &sender{cookie: res.Cookies()[0]}
	}
	var rooms struct{ Items []struct{ ID string } }
	if _, err := p.ask(senders[0].cookie, "GET", "/api/rooms", nil, &rooms); err != nil || len(rooms.Items) != 1 {
		t.Fatalf("the room for measuring: %+v, %v", rooms, err)
	}
	room := "/api/rooms/" + rooms.Items[0].ID

	for round := range 2 {
		var posting sync.WaitGroup
		var acknowledged atomic.Int64
		for i, s := range senders {
			posting.Go(func() { s.untilCut(p, room, fmt.Sprintf("Round %d, person %d", round+1, i+1), &acknowledged) })
		}
		for began := time.Now(); acknowledged.Load() < 500 && time.Since(began) < 20*time.Second; {
			time.Sleep(time.Millisecond)
		}
		if err := p.cmd.Process.Kill(); err != nil { // SIGKILL
			t.Fatal(err)
		}
		posting.Wait()
		p.cmd.Wait()
		p = serveDemo(t, data, address)
		compare(t, p, room, senders)
	}
	// And told to end, it ends well.
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := p.cmd.Wait(); err != nil || time.Since(began) > 15*time.Second {
		t.Errorf("after SIGTERM: %v, in %s", err, time.Since(began))
	}
}

func compare(t *testing.T, p *program, room string, senders []*sender) {
	t.Helper()
	stored := history(t, p, room, senders[0].cookie)
	acknowledged, unsure := 0, 0
	for _, s := range senders {
		for i, m := range s.said {
			if m.Seq == 0 {
				unsure++
				first, err := s.post(p, room, m)
				if err != nil {
					t.Fatal(err)
				}
				if was, there := stored[m.ClientID]; there && was.Seq != first {
					t.Errorf("stored as %d before the cut, told %d after it", was.Seq, first)
				}
				s.said[i].Seq = first
				continue
			}
			acknowledged++
			if stored[m.ClientID] != m {
				t.Errorf("acknowledged %+v, stored %+v", m, stored[m.ClientID])
			}
		}
		last := &s.said[0]
		if again, err := s.post(p, room, *last); err != nil || again != last.Seq {
			t.Errorf("sent again it is %d, not %d: %v", again, last.Seq, err)
		}
	}
	if acknowledged < 100 || unsure == 0 {
		t.Errorf("%d acknowledged and %d not: this proves little", acknowledged, unsure)
	}
	t.Logf("%d acknowledged, %d unsure", acknowledged, unsure)
	stored = history(t, p, room, senders[0].cookie)
	all := 0
	for _, s := range senders {
		for i, m := range s.said {
			all++
			if stored[m.ClientID] != m {
				t.Errorf("sent %+v, stored %+v", m, stored[m.ClientID])
			}
			if i > 0 && m.Seq <= s.said[i-1].Seq {
				t.Errorf("message %d of a person has number %d, the one before it %d", i+1, m.Seq, s.said[i-1].Seq)
			}
		}
	}
	if all != len(stored) {
		t.Errorf("%d messages sent, %d stored", all, len(stored))
	}
}

// history reads the whole room, whose numbers must have no gaps, by the
// client's names of the messages.
func history(t *testing.T, p *program, room string, cookie *http.Cookie) map[string]said {
	t.Helper()
	out := map[string]said{}
	for last, more := int64(0), true; more; {
		var page struct {
			Items    []said
			HasAfter bool
		}
		if _, err := p.ask(cookie, "GET", fmt.Sprintf("%s/messages?after=%d&limit=200", room, last), nil, &page); err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Items {
			if last++; m.Seq != last {
				t.Fatalf("number %d follows %d", m.Seq, last-1)
			}
			if _, twice := out[m.ClientID]; twice {
				t.Errorf("stored twice: %+v", m)
			}
			out[m.ClientID] = m
		}
		more = page.HasAfter
	}
	return out
}
