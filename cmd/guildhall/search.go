package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"text/tabwriter"

	"guildhall/search"
	"guildhall/server/bench"
)

// searchCommand is `guildhall search eval`: it asks a running server the
// judged queries and prints how good the answers are.
func searchCommand(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] != "eval" {
		return errors.New("say: guildhall search eval --url URL --queries FILE [--json]")
	}
	flags := flag.NewFlagSet("search eval", flag.ContinueOnError)
	address := flags.String("url", "http://127.0.0.1:8080", "the server")
	file := flags.String("queries", "", "judged queries, one JSON object a line: id, q, kinds, judgements")
	asJSON := flags.Bool("json", false, "print JSON")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if *file == "" {
		return errors.New("--queries is needed: a file of judged queries, one JSON object a line")
	}
	in, err := os.Open(*file)
	if err != nil {
		return fmt.Errorf("--queries: %w", err)
	}
	defer in.Close() // it was only read
	queries, err := search.ReadJudged(in)
	if err != nil {
		return err
	}
	client, err := bench.NewClient(*address, true, 1)
	if err != nil {
		return err
	}
	who, err := client.SignIn(ctx, "member")
	if err != nil {
		return err
	}
	c := &asker{ctx: ctx, who: who}
	scores, err := search.Evaluate(queries, c.ask)
	if err != nil {
		return err
	}
	out := struct {
		Engine string `json:"engine"`
		*search.Scores
	}{c.engine, scores}
	if *asJSON {
		return json.NewEncoder(os.Stdout).Encode(out)
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "engine\t%s\nqueries\t%d\nNDCG@10\t%.3f (95%%: %.3f to %.3f)\nMRR\t%.3f\nwithout a hit\t%d\n",
		out.Engine, out.Queries, out.NDCG, out.Interval[0], out.Interval[1], out.MRR, out.ZeroResults)
	for _, kind := range slices.Sorted(maps.Keys(out.ByKind)) {
		fmt.Fprintf(table, "  %s\t%.3f, of %d\n", kind, out.ByKind[kind].NDCG, out.ByKind[kind].Queries)
	}
	return table.Flush()
}

// asker asks the server as one person.
type asker struct {
	ctx    context.Context //nolint:containedctx // it lives as long as one command
	who    *bench.Person
	engine string
}

func (c *asker) ask(q string) (answers []string, total int, err error) {
	var body struct {
		Engine string
		Total  int
		Items  []struct{ SourceID string }
	}
	if err := c.who.Get(c.ctx, "/api/stories?q="+url.QueryEscape(q), &body); err != nil {
		return nil, 0, fmt.Errorf("query %q: %w", q, err)
	}
	c.engine = body.Engine
	for _, item := range body.Items {
		answers = append(answers, item.SourceID)
	}
	return answers, body.Total, nil
}
