package server_test

import (
	"context"
	"net"
	"strings"
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
	if err := w.Close(); err != nil || time.Since(began) > 3*time.Second {
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
