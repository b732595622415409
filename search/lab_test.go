package search_test

import (
	"context"
	"fmt"
	"math/rand"
	"log/slog"
	"os"
	"sort"
	"strings"
	"testing"

	"guildhall/migrations"
	"guildhall/search"
	"guildhall/server/db"
	"guildhall/server/library"
	"guildhall/server/orgs"
)

func lab(t *testing.T) (*db.DB, *search.Postgres, func(q string) ([]string, int, error), func(q string) search.Result) {
	dsn := os.Getenv("LAB_DSN")
	if dsn == "" {
		t.Skip()
	}
	ctx := context.Background()
	d, err := db.Open(ctx, db.Options{DSN: dsn, Pool: 4})
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("LAB_KEEP") == "" {
		d.MustExec("drop schema public cascade; create schema public")
		slow, _ := d.Slow()
		if err := migrations.Up(ctx, slow.DB); err != nil {
			t.Fatal(err)
		}
		load(t, d)
	}
	e := search.NewPostgres(d)
	o := orgs.New(d)
	bySource := map[string]string{}
	rows, _ := d.Query("select id::text, source_id from stories")
	for rows.Next() {
		var a, b string
		rows.Scan(&a, &b)
		bySource[a] = b
	}
	find := func(q string) search.Result {
		words, err := search.Words(q)
		if err != nil {
			t.Fatal(err)
		}
		names, err := o.Names(ctx, words)
		if err != nil {
			t.Fatal(err)
		}
		if os.Getenv("NONAMES") != "" {
			names = nil
		}
		r, err := e.Search(ctx, search.Query{Kind: "story", Text: q, Names: names, Spaces: []int64{}, Facets: []string{"area", "stage"}, Sort: "relevance", Limit: 20})
		if err != nil {
			t.Fatal(q, err)
		}
		return r
	}
	ask := func(q string) ([]string, int, error) {
		r := find(q)
		var out []string
		for _, id := range r.IDs {
			out = append(out, bySource[id.String()])
		}
		return out, r.Total, nil
	}
	return d, e, ask, find
}

func load(t *testing.T, d *db.DB) {
	ctx := context.Background()
	err := d.Tx(ctx, func(tx *db.Tx) error {
		c, err := orgs.Councils()
		if err != nil {
			return err
		}
		if err := orgs.Load(ctx, tx, c); err != nil {
			return err
		}
		a, err := orgs.Areas()
		if err != nil {
			return err
		}
		if err := orgs.LoadAreas(ctx, tx, a); err != nil {
			return err
		}
		s, err := library.Stories()
		if err != nil {
			return err
		}
		return library.Load(ctx, tx, s)
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = slog.Default()
}

func TestLab(t *testing.T) {
	_, e, ask, find := lab(t)
	_ = e
	for _, file := range strings.Split(os.Getenv("LAB_QUERIES"), ",") {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		qs, err := search.ReadJudged(f)
		if err != nil {
			t.Fatal(err)
		}
		s, err := search.Evaluate(qs, ask)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("%s NDCG %.4f %v MRR %.3f zero %d/%d noise %.1f\n", file, s.NDCG, s.Interval, s.MRR, s.ZeroResults, s.Queries, s.Noise)
		var kinds []string
		for k := range s.ByKind {
			kinds = append(kinds, k)
		}
		sort.Strings(kinds)
		for _, k := range kinds {
			fmt.Printf("  %s %.3f (%d)", k, s.ByKind[k].NDCG, s.ByKind[k].Queries)
		}
		fmt.Println()
		if os.Getenv("LAB_V") != "" {
			for _, q := range qs {
				b := s.ByQuery[q.ID]
				if b.NDCG < 0.93 || len(q.Judgements) == 0 {
					r := find(q.Query)
					fmt.Printf("  %s %.3f total=%d %q corrected=%v\n      ", q.ID, b.NDCG, b.Total, q.Query, r.Corrected)
					for _, a := range b.Answers {
						fmt.Printf("%s:%d ", a, q.Judgements[a])
					}
					fmt.Print("\n      missing:")
					for a, g := range q.Judgements {
						found := false
						for _, x := range b.Answers {
							if x == a {
								found = true
							}
						}
						if !found {
							fmt.Printf(" %s:%d", a, g)
						}
					}
					fmt.Println()
				}
			}
		}
	}
}

func TestGrid(t *testing.T) {
	_, e, ask, _ := lab(t)
	sets := map[string][]search.Judged{}
	for _, file := range strings.Split(os.Getenv("LAB_QUERIES"), ",") {
		f, _ := os.Open(file); qs, _ := search.ReadJudged(f); sets[file] = qs
	}
	show := func(name string, tn search.Tuning) {
		e.Tune(tn)
		fmt.Printf("%-40s", name)
		for _, file := range strings.Split(os.Getenv("LAB_QUERIES"), ",") {
			s, _ := search.Evaluate(sets[file], ask)
			fmt.Printf("  %.4f z%d n%.1f", s.NDCG, s.ZeroResults, s.Noise)
		}
		fmt.Println()
	}
	show("default", search.Defaults)
	search.Grid(show)
}

func TestTypos(t *testing.T) {
	_, _, ask, _ := lab(t)
	r := rand.New(rand.NewSource(7))
	var n, sum, base float64
	for _, file := range strings.Split(os.Getenv("LAB_QUERIES"), ",") {
		f, _ := os.Open(file); qs, _ := search.ReadJudged(f)
		for _, q := range qs {
			if len(q.Judgements) == 0 { continue }
			b, _, _ := ask(q.Query)
			b0 := search.NDCG(b, q.Judgements, 10)
			w := strings.Fields(q.Query)
			for k := 0; k < 3; k++ {
				i := r.Intn(len(w)); if len(w[i]) < 6 { continue }
				x := []byte(w[i]); j := 1 + r.Intn(len(x)-2)
				switch r.Intn(4) {
				case 0: x = append(x[:j:j], x[j+1:]...)
				case 1: x[j], x[j+1] = x[j+1], x[j]
				case 2: x[j] = byte('a' + r.Intn(26))
				case 3: x = append(x[:j:j], append([]byte{x[j]}, x[j:]...)...)
				}
				v := append([]string{}, w...); v[i] = string(x)
				a, total, _ := ask(strings.Join(v, " "))
				s := search.NDCG(a, q.Judgements, 10)
				n++; sum += s; base += b0
				if s < b0-0.2 { fmt.Printf("   %.2f->%.2f %q total %d\n", b0, s, strings.Join(v, " "), total) }
			}
		}
	}
	fmt.Printf("typos: %.0f base %.4f with typo %.4f\n", n, base/n, sum/n)
}
