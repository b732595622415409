package server_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"guildhall/server"
	"guildhall/server/config"
	"guildhall/server/db"
	"guildhall/server/testkit"
)

// TestStartingAgainChangesNothing: a second start finds the open data there
// and leaves it as it is.
func TestStartingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	count := func() (n [3]int) {
		t.Helper()
		for i, table := range []string{"organisations", "service_areas", "stories"} {
			if err := w.DB.Get(&n[i], "select count(*) from "+table); err != nil {
				t.Fatal(err)
			}
		}
		return n
	}
	before := count()
	if before != [3]int{470, 109, 90} {
		t.Errorf("organisations, service areas and stories: %v", before)
	}
	if err := server.Migrate(context.Background(), w.DB, w.Config); err != nil {
		t.Fatal(err)
	}
	if after := count(); after != before {
		t.Errorf("after a second start: %v", after)
	}
}

// TestFiveNodesStartAtOnce: on an empty database, each finds all of it done,
// by itself or by another.
func TestFiveNodesStartAtOnce(t *testing.T) {
	t.Parallel()
	d := testkit.EmptyDB(t)
	c, err := config.Load("serve", []string{"--data", t.TempDir()}, func(string) (string, bool) { return "", false }, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() {
			node, err := db.Open(context.Background(), db.Options{DSN: d.DSN(), Pool: 2})
			if err != nil {
				t.Error(err)
				return
			}
			defer node.Close() // nothing is pending
			if err := server.Migrate(context.Background(), node, c); err != nil {
				t.Error(err)
				return
			}
			s, err := server.New(context.Background(), c, server.Deps{DB: node})
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(s.Start(context.Background()), s.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	var n struct{ Organisations, Stories, Documents, Networks, Edited int }
	const query = `select (select count(*) from organisations) as organisations, (select count(*) from stories) as stories,
		(select count(*) from search_documents where kind = 'story') as documents, (select count(*) from spaces where kind = 'network') as networks,
		(select count(*) from organisations where version > 1) as edited`
	if err := d.Get(&n, query); err != nil {
		t.Fatal(err)
	}
	if n.Organisations != 470 || n.Stories != 90 || n.Documents != 90 || n.Networks != 1 || n.Edited != 0 {
		t.Errorf("after five starts: %+v", n)
	}
}

// TestAStartWaitsForAnother: a node that still loads its data is no reason for
// the next one to give up, however long a migration may wait for a lock.
func TestAStartWaitsForAnother(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	held, err := w.DB.Beginx()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := held.Exec(`select from organisations for update`); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Migrate(context.Background(), w.DB, w.Config) }()
	select {
	case err := <-done:
		t.Fatalf("it did not wait: %v (%v)", err, held.Rollback())
	case <-time.After(4 * time.Second): // more than lock_timeout
	}
	if err := held.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestNewDataIsFound: when a new version brings an organisation another name,
// the stories filed under it are put into search again.
func TestNewDataIsFound(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	must := func(statement string) {
		t.Helper()
		if err := w.DB.Tx(context.Background(), func(tx *db.Tx) error { _, err := tx.Exec(statement); return err }); err != nil {
			t.Fatal(err)
		}
	}
	stories := func() (n int) {
		t.Helper()
		const query = `select count(*) from search_documents d join stories s on s.id = d.id
			join organisations o on o.id = s.lead_id where d.kind = 'story' and o.code = 'BUC'`
		if err := w.DB.Get(&n, query); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := stories()
	if before == 0 {
		t.Fatal("no story of Buckinghamshire to look for")
	}
	must(`update organisations set name = 'Bucks County', source_hash = 'of an older version' where code = 'BUC'`)
	must(`delete from search_documents where kind = 'story'`)
	if err := server.Migrate(context.Background(), w.DB, w.Config); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the stories are found again", func() bool { return stories() == before })
}

// TestASilentConnectionHoldsUpNoShutdown: a browser opens connections ahead of
// need.
func TestASilentConnectionHoldsUpNoShutdown(t *testing.T) {
	t.Parallel()
	w := testkit.New(t, testkit.Options{Config: func(c *config.Config) { c.DrainTimeout = 20 * time.Second }})
	c, err := net.Dial("tcp", strings.TrimPrefix(w.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	w.As("member").Get("/api/me").Expect(200) // the silent one has been accepted before
	began := time.Now()
	if err := w.Close(); err != nil || time.Since(began) > 10*time.Second {
		t.Errorf("it took %s: %v", time.Since(began), err)
	}
}

// TestABusyConnectionIsCutOff: one that takes too long is no reason to fail.
func TestABusyConnectionIsCutOff(t *testing.T) {
	t.Parallel()
	w := testkit.New(t, testkit.Options{Config: func(c *config.Config) { c.DrainTimeout = 300 * time.Millisecond }})
	c, err := net.Dial("tcp", strings.TrimPrefix(w.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	// The second request never ends.
	if _, err := c.Write([]byte("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: ")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}
