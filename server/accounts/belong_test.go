package accounts_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"guildhall/server/accounts"
	"guildhall/server/config"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/testkit"
)

// TestNobodyOfTheDemonstrationJoinsARealCouncil: no invented person speaks for
// one.
func TestNobodyOfTheDemonstrationJoinsARealCouncil(t *testing.T) {
	t.Parallel()
	for _, demo := range []bool{true, false} {
		w := testkit.New(t, testkit.Options{Config: func(c *config.Config) { c.Demo = demo }})
		var organisations struct{ Items []struct{ ID ids.ID } }
		w.As("member").Get("/api/organisations?madeUp=true").Expect(200).JSON(&organisations)
		if len(organisations.Items) != 0 {
			t.Fatalf("no council here is made up: %+v", organisations)
		}
		if _, err := w.DB.Exec(`update organisations set made_up = true where code = 'KEN'`); err != nil {
			t.Fatal(err)
		}
		w.As("member").Get("/api/organisations?madeUp=true").Expect(200).JSON(&organisations)
		if len(organisations.Items) != 1 {
			t.Fatalf("one council is made up: %+v", organisations)
		}
		var council ids.ID
		if err := w.DB.Get(&council, `select id from organisations where code = 'BUC'`); err != nil {
			t.Fatal(err)
		}
		join := func(version int, organisation ids.ID) *testkit.Answer {
			return w.As("member").Patch("/api/me", profile(version, words{"post": words{"organisationId": organisation, "job": "Director"}}))
		}
		version := 1
		if a := join(1, council); demo {
			a.Problem(422, "invalid")
			if !strings.Contains(a.Body, `"body.post.organisationId"`) {
				t.Errorf("the problem names no field: %s", a.Body)
			}
		} else {
			a.Expect(200)
			version++
		}
		join(version, organisations.Items[0].ID).Expect(200)
	}
}

// TestARenamedServiceAreaFindsItsPeople: they are put into search again.
func TestARenamedServiceAreaFindsItsPeople(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	w.As("member").Patch("/api/me", profile(1, words{"serviceAreas": []string{"adult-social-care"}})).Expect(200)
	found := func() bool {
		var page struct {
			Items []struct{ Kind string }
		}
		w.As("outsider").Get("/api/search?q=gardenwelt").Expect(200).JSON(&page)
		return slices.ContainsFunc(page.Items, func(i struct{ Kind string }) bool { return i.Kind == accounts.Kind }) // stories have it too
	}
	if found() {
		t.Fatal("it is found before it is called so")
	}
	err := w.DB.Tx(context.Background(), func(tx *db.Tx) error {
		events.Emit(context.Background(), tx, events.ServiceAreaChanged{Slug: "adult-social-care"})
		_, err := tx.Exec(`update service_areas set label = 'Gardenwelt' where slug = 'adult-social-care'`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the person is found by the new name", found)
}
