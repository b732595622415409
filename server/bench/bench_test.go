package bench_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"guildhall/server/bench"
	"guildhall/server/clock"
	"guildhall/server/config"
	"guildhall/server/seed"
	"guildhall/server/testkit"
)

// demo starts a server with the demonstration in it, as serve --demo does.
func demo(t *testing.T) *testkit.World {
	t.Helper()
	w := testkit.New(t, testkit.Options{Config: func(c *config.Config) { c.Demo = true }})
	if err := seed.Demo(t.Context(), w.DB, clock.System().UTC()); err != nil {
		t.Fatal(err)
	}
	return w
}

func client(t *testing.T, address string) *bench.Client {
	t.Helper()
	c, err := bench.NewClient(address, false, 16)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestAsFastAsItGoes: without a rate, messages follow each other as they are
// acknowledged, and each still reaches everybody once.
func TestAsFastAsItGoes(t *testing.T) {
	t.Parallel()
	w := demo(t)
	o := bench.ChatOptions{Members: 6, Senders: 3, InFlight: 8, Duration: 500 * time.Millisecond}
	r, err := bench.Chat(t.Context(), client(t, w.URL), o, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if r.Sent < 8 || r.Acknowledged != r.Sent || r.Deliveries != 6*r.Sent || r.Rate != 0 || r.Faults() != nil {
		t.Errorf("%+v, %v", r, r.Faults())
	}
	o.InFlight = 1001
	if _, err := bench.Chat(t.Context(), client(t, w.URL), o, io.Discard); err == nil {
		t.Error("1001 at a time are too many")
	}
}

func TestEveryMessageReachesEverybodyOnce(t *testing.T) {
	t.Parallel()
	w := demo(t)
	for round := range 2 { // the second finds messages in the room
		o := bench.ChatOptions{Members: 12, Senders: 4, Rate: 80, Duration: time.Second}
		r, err := bench.Chat(t.Context(), client(t, w.URL), o, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		if r.Sent != 80 || r.Acknowledged != 80 || r.Refused != 0 || r.Deliveries != 960 || r.Closed != 0 || r.Faults() != nil {
			t.Errorf("round %d: %+v, %v", round, r, r.Faults())
		}
		if r.Ack.P50 <= 0 || r.Ack.P99 < r.Ack.P50 || r.Delivery.Max < r.Delivery.P99 || r.Delivery.P50 <= 0 || r.Connect.P50 <= 0 {
			t.Errorf("times %+v %+v %+v", r.Connect, r.Ack, r.Delivery)
		}
		if r.DeliveriesPerSecond <= 0 || r.DeliveriesPerSecond > 1100 {
			t.Errorf("%f deliveries a second", r.DeliveriesPerSecond)
		}
		if r.ServerMB < 10 || r.ServerCPUSeconds <= 0 {
			t.Errorf("the server used %f MB and %f s", r.ServerMB, r.ServerCPUSeconds)
		}
	}
	var stored, head int
	const query = `select count(*), max(seq) from messages m join rooms r on r.id = m.room_id join spaces s on s.id = r.space_id where s.name = 'Load hall'`
	if err := w.DB.QueryRow(query).Scan(&stored, &head); err != nil || stored != 160 || head != 160 {
		t.Errorf("stored %d, head %d, %v", stored, head, err)
	}
}

func TestPagesAreMeasured(t *testing.T) {
	t.Parallel()
	w := demo(t)
	pages, err := bench.HTTP(t.Context(), client(t, w.URL), bench.HTTPOptions{Rate: 100, Duration: 100 * time.Millisecond}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) < 8 {
		t.Errorf("%d pages", len(pages))
	}
	for _, p := range pages {
		if p.Page != "app" && p.Failed != 0 || p.Count != 10 || p.P50 <= 0 || p.Max < p.P50 {
			t.Errorf("%+v", p)
		}
	}
}

func TestWhatCannotBeMeasuredIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := bench.NewClient("http://guildhall.example", false, 1); err == nil || !strings.Contains(err.Error(), "--remote") {
		t.Errorf("another machine: %v", err)
	}
	if _, err := bench.NewClient("http://guildhall.example", true, 1); err != nil {
		t.Errorf("another machine, allowed: %v", err)
	}
	c := client(t, "http://127.0.0.1:1")
	good := bench.ChatOptions{Members: 10, Senders: 2, Rate: 10, Duration: time.Second}
	for want, change := range map[string]func(*bench.ChatOptions){
		"--members":  func(o *bench.ChatOptions) { o.Members = 20_001 },
		"--senders":  func(o *bench.ChatOptions) { o.Senders = 11 },
		"--rate":     func(o *bench.ChatOptions) { o.Rate = 0 },
		"--duration": func(o *bench.ChatOptions) { o.Duration = 11 * time.Minute },
		"deliveries": func(o *bench.ChatOptions) { o.Members, o.Rate, o.Duration = 20_000, 100, time.Minute },
		"not one":    func(o *bench.ChatOptions) { o.Rate = 0.5 },
		"no server":  func(*bench.ChatOptions) {},
	} {
		o := good
		change(&o)
		if _, err := bench.Chat(t.Context(), c, o, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v and should say %q", err, want)
		}
	}
	w := testkit.New(t)
	if _, err := bench.Chat(t.Context(), client(t, w.URL), good, io.Discard); err == nil || !strings.Contains(err.Error(), "GUILDHALL_SESSION") {
		t.Errorf("no demonstration: %v", err)
	}
}

func TestReference(t *testing.T) {
	t.Parallel()
	r, err := bench.Measure(t.Context(), "")
	if err != nil || r.EchoesPerSecond <= 0 || r.SelectsPerSecond != 0 {
		t.Errorf("without a database: %+v, %v", r, err)
	}
	w := testkit.New(t)
	if r, err = bench.Measure(t.Context(), w.DB.DSN()); err != nil || r.EchoesPerSecond <= 0 || r.SelectsPerSecond <= 0 {
		t.Errorf("with one: %+v, %v", r, err)
	}
	if _, err = bench.Measure(t.Context(), "postgres://nobody@127.0.0.1:1/nothing?sslmode=disable"); err == nil {
		t.Error("a database that is not there was measured")
	}
}
