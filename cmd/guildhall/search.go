package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"guildhall/search"
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
	in, err := os.Open(*file)
	if err != nil {
		return fmt.Errorf("--queries: %w", err)
	}
	defer in.Close() // it was only read
	queries, err := search.ReadJudged(in)
	if err != nil {
		return err
	}
	c := &evalClient{ctx: ctx, base: strings.TrimRight(*address, "/"), http: &http.Client{Timeout: 30 * time.Second}}
	if err := c.signIn(); err != nil {
		return err
	}
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
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	fmt.Println(string(b)) //nolint:forbidigo // the answer
	return nil
}

// evalClient is a client like any other.
type evalClient struct {
	ctx    context.Context //nolint:containedctx // it lives as long as one command
	base   string
	http   *http.Client
	cookie *http.Cookie
	engine string
}

func (c *evalClient) signIn() error {
	if token := os.Getenv("GUILDHALL_SESSION"); token != "" {
		name := "guildhall"
		if strings.HasPrefix(c.base, "https://") {
			name = "__Host-guildhall"
		}
		c.cookie = &http.Cookie{Name: name, Value: token}
		return nil
	}
	r, err := http.NewRequestWithContext(c.ctx, http.MethodPost, c.base+"/api/demo/sign-in", bytes.NewReader([]byte(`{"as":"member"}`)))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", c.base)
	res, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close() // nothing is left to read
	if res.StatusCode != http.StatusOK || len(res.Cookies()) == 0 {
		return fmt.Errorf("the server is no demonstration (%s): set GUILDHALL_SESSION to a session's token", res.Status)
	}
	c.cookie = res.Cookies()[0]
	return nil
}

func (c *evalClient) ask(q string) (answers []string, total int, err error) {
	r, err := http.NewRequestWithContext(c.ctx, http.MethodGet, c.base+"/api/stories?q="+url.QueryEscape(q), nil)
	if err != nil {
		return nil, 0, err
	}
	r.AddCookie(c.cookie)
	res, err := c.http.Do(r)
	if err != nil {
		return nil, 0, err
	}
	defer res.Body.Close() // it was read
	if res.StatusCode != http.StatusOK {
		return nil, 0, fmt.Errorf("query %q: the server answered %s", q, res.Status)
	}
	var body struct {
		Engine string
		Total  int
		Items  []struct{ SourceID string }
	}
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		return nil, 0, fmt.Errorf("query %q: %w", q, err)
	}
	c.engine = body.Engine
	for _, item := range body.Items {
		answers = append(answers, item.SourceID)
	}
	return answers, body.Total, nil
}
