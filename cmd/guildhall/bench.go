package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"guildhall/server/bench"
)

const benchUsage = "say: guildhall bench chat --url URL --members N (--rate R | --in-flight N) --senders S --duration D [--json], or guildhall bench http --url URL --rate R --duration D [--json]"

// benchCommand measures a running server: `guildhall bench chat` and
// `guildhall bench http`. Lines about what goes on go to standard error, so
// that standard output holds the figures alone.
func benchCommand(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New(benchUsage)
	}
	flags := flag.NewFlagSet("bench "+args[0], flag.ContinueOnError)
	address := flags.String("url", "http://127.0.0.1:8080", "the server")
	remote := flags.Bool("remote", false, "allow a server on another machine, which must be yours to load")
	asJSON := flags.Bool("json", false, "print JSON")
	switch args[0] {
	case "chat":
		var o bench.ChatOptions
		flags.IntVar(&o.Members, "members", 100, "live connections in the room, at most 20000")
		flags.IntVar(&o.Senders, "senders", 8, "of them, how many send; by default no more than there are")
		flags.Float64Var(&o.Rate, "rate", 20, "messages a second, all senders together")
		flags.IntVar(&o.InFlight, "in-flight", 0, "instead of a rate: as fast as it goes, with so many messages unacknowledged, at most 1000")
		flags.DurationVar(&o.Duration, "duration", 10*time.Second, "how long to send, at most 10m")
		flags.StringVar(&o.Room, "room", "", "id of the room; without it, the room of the space \"Load hall\"")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		given := false
		flags.Visit(func(f *flag.Flag) { given = given || f.Name == "senders" })
		if !given {
			o.Senders = min(o.Senders, o.Members)
		}
		return benchChat(ctx, *address, *remote, *asJSON, o)
	case "http":
		var o bench.HTTPOptions
		flags.Float64Var(&o.Rate, "rate", 50, "requests a second")
		flags.DurationVar(&o.Duration, "duration", 5*time.Second, "how long for each page, at most 10m")
		flags.StringVar(&o.As, "as", "member", "who looks, of the demonstration's people")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		return benchHTTP(ctx, *address, *remote, *asJSON, o)
	}
	return errors.New(benchUsage)
}

func benchChat(ctx context.Context, address string, remote, asJSON bool, o bench.ChatOptions) error {
	client, err := bench.NewClient(address, remote, max(o.Senders, 16))
	if err != nil {
		return err
	}
	reference, err := measureReference(ctx)
	if err != nil {
		return err
	}
	r, err := bench.Chat(ctx, client, o, os.Stderr)
	if err != nil {
		return err
	}
	if asJSON {
		return errors.Join(json.NewEncoder(os.Stdout).Encode(struct {
			*bench.ChatReport
			Reference bench.Reference `json:"reference"`
		}{r, reference}), r.Faults())
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	printReference(out, reference)
	fmt.Fprintf(out, "messages\t%d sent, %d acknowledged, %d refused\n", r.Sent, r.Acknowledged, r.Refused)
	fmt.Fprintf(out, "deliveries\t%d, %.0f a second; %d lost, %d doubled, %d out of order, %d sockets closed\n",
		r.Deliveries, r.DeliveriesPerSecond, r.Lost, r.Doubled, r.OutOfOrder, r.Closed)
	fmt.Fprintln(out, "ms\tp50\tp95\tp99\tmax")
	row(out, "connect", r.Connect)
	row(out, "ack", r.Ack)
	row(out, "delivery", r.Delivery)
	if r.ServerMB > 0 {
		fmt.Fprintf(out, "server\t%.0f MB resident, %.1f s of processor\n", r.ServerMB, r.ServerCPUSeconds)
	}
	return errors.Join(out.Flush(), r.Faults())
}

func benchHTTP(ctx context.Context, address string, remote, asJSON bool, o bench.HTTPOptions) error {
	client, err := bench.NewClient(address, remote, 64)
	if err != nil {
		return err
	}
	reference, err := measureReference(ctx)
	if err != nil {
		return err
	}
	pages, err := bench.HTTP(ctx, client, o, os.Stderr)
	if err != nil {
		return err
	}
	failed := 0
	for _, p := range pages {
		failed += p.Failed
	}
	if failed > 0 {
		err = fmt.Errorf("%d requests were not answered with 200", failed)
	}
	if asJSON {
		return errors.Join(json.NewEncoder(os.Stdout).Encode(map[string]any{"pages": pages, "reference": reference}), err)
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	printReference(out, reference)
	fmt.Fprintln(out, "ms\tp50\tp95\tp99\tmax")
	for _, p := range pages {
		row(out, p.Page, p.Times)
	}
	return errors.Join(out.Flush(), err)
}

// measureReference runs the reference load; DATABASE_URL brings its second half.
func measureReference(ctx context.Context) (bench.Reference, error) {
	fmt.Fprintln(os.Stderr, "Measuring this machine.")
	r, err := bench.Measure(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		return r, fmt.Errorf("the reference load: %w", err)
	}
	return r, nil
}

func printReference(out io.Writer, r bench.Reference) {
	fmt.Fprintf(out, "this machine\t%.0f echoes a second", r.EchoesPerSecond)
	if r.SelectsPerSecond > 0 {
		fmt.Fprintf(out, ", %.0f selects a second", r.SelectsPerSecond)
	}
	fmt.Fprintln(out)
}

func row(out io.Writer, name string, t bench.Times) {
	fmt.Fprintf(out, "%s\t%.1f\t%.1f\t%.1f\t%.1f\n", name, t.P50, t.P95, t.P99, t.Max)
}
