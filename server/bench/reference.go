package bench

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	_ "github.com/lib/pq" // for the database alone
)

// Reference is how fast this machine is at the moment, by two fixed loads that
// have nothing of Guildhall in them. A figure that is compared with one of
// another run is first divided by these.
type Reference struct {
	// EchoesPerSecond is deliveries a second of a bare hub in this process: what
	// one of a hundred connections sends is written to all, and when it has come
	// back the next is sent.
	EchoesPerSecond float64 `json:"echoesPerSecond"`
	// SelectsPerSecond is how many rows eight connections find by their key, one
	// at a time each; 0 without a database.
	SelectsPerSecond float64 `json:"selectsPerSecond,omitempty"`
}

const (
	referenceTime = time.Second // for each of the two
	echoSockets   = 100
	echoBytes     = 500 // of a message, as a frame of chat has
	selectors     = 8
)

// Measure runs the reference load, which takes two seconds. The database is
// one of PostgreSQL, by its address; nothing in it is changed. It may be empty.
func Measure(ctx context.Context, database string) (r Reference, err error) {
	if r.EchoesPerSecond, err = echo(ctx); err != nil || database == "" {
		return r, err
	}
	r.SelectsPerSecond, err = selects(ctx, database)
	return r, err
}

// echo is a hub and its clients over loopback.
func echo(ctx context.Context) (perSecond float64, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close() //nolint:errcheck // nothing to save
	var clients, hub []net.Conn
	defer func() {
		for _, c := range append(clients, hub...) {
			_ = c.Close()
		}
	}()
	for range echoSockets {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", l.Addr().String())
		if err != nil {
			return 0, err
		}
		clients = append(clients, c)
		served, err := l.Accept()
		if err != nil {
			return 0, err
		}
		hub = append(hub, served)
	}
	go func() {
		message := make([]byte, echoBytes)
		for {
			if _, err := io.ReadFull(hub[0], message); err != nil {
				return
			}
			for _, c := range hub {
				if _, err := c.Write(message); err != nil {
					return
				}
			}
		}
	}()
	var round sync.WaitGroup
	for _, c := range clients {
		go func() {
			message := make([]byte, echoBytes)
			for {
				if _, err := io.ReadFull(c, message); err != nil {
					return
				}
				round.Done()
			}
		}()
	}
	message, rounds := make([]byte, echoBytes), 0
	began := time.Now() //nolint:forbidigo // it measures real time
	for ; time.Since(began) < referenceTime; rounds++ {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		round.Add(echoSockets)
		if _, err := clients[0].Write(message); err != nil {
			return 0, err
		}
		round.Wait()
	}
	return float64(rounds*echoSockets) / time.Since(began).Seconds(), nil
}

// selects looks rows of PostgreSQL's own catalogue up by their key.
func selects(ctx context.Context, database string) (perSecond float64, err error) {
	db, err := sql.Open("postgres", database)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	db.SetMaxOpenConns(selectors)
	db.SetMaxIdleConns(selectors)
	counts := make([]int, selectors)
	began := time.Now() //nolint:forbidigo // it measures real time
	err = inParallel(selectors, selectors, func(i int) error {
		for ; time.Since(began) < referenceTime; counts[i]++ {
			var name string
			if err := db.QueryRowContext(ctx, `select typname from pg_type where oid = $1`, 23).Scan(&name); err != nil {
				return err
			}
			if name != "int4" {
				return errors.New("the row of int4 is another one: " + name)
			}
		}
		return nil
	})
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / time.Since(began).Seconds(), err
}
