package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"guildhall/server/clock"
	"guildhall/server/config"
	"guildhall/server/seed"
)

// seedCommand loads the demonstration, or with --size a load set beside it,
// into a database that is empty or belongs to a demonstration.
func seedCommand(ctx context.Context, args []string) (err error) {
	if helped(args, seedUsage) {
		return nil
	}
	size, rest, err := cutFlag(args, "--size")
	if err != nil {
		return err
	}
	// A load set is for measuring: its database is a demonstration's for ever.
	c, err := config.Load("seed", rest, config.Environ, os.Stdout)
	if err != nil {
		return err
	}
	if size == "" && !c.Demo {
		return errors.New("say: guildhall seed --demo [settings], or guildhall seed --size small|medium|large [settings]")
	}
	var much seed.Size
	if size != "" {
		if much, err = seed.SizeOf(size); err != nil {
			return fmt.Errorf("--size: %w", err)
		}
	}
	c, d, _, err := setUp(ctx, open, "seed", append(rest, "--demo"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	now := clock.System().In(c.Zone)
	if size == "" {
		if err := seed.Demo(ctx, d.DB, now); err != nil {
			return err
		}
		fmt.Println("The demonstration is there: guildhall serve --demo shows it.") //nolint:forbidigo // the answer
		return nil
	}
	f, err := seed.Load(ctx, d.DB, much, now, os.Stdout)
	if err != nil {
		return err
	}
	fmt.Printf("There are %d made-up councils, %d people, %d spaces, %d rooms with %d messages, %d topics with %d posts and %d stories, made in %s (people %s; messages and topics %s beside stories %s).\nguildhall serve --demo shows them.\n", //nolint:forbidigo // the answer
		f.Councils, f.People, f.Spaces, f.Rooms, f.Messages, f.Topics, f.Posts, f.Stories,
		f.Took.Round(time.Second), f.ForPeople.Round(time.Second), f.ForTalk.Round(time.Second), f.ForStories.Round(time.Second))
	return nil
}

// cutFlag takes one flag with its value out of arguments that are otherwise
// settings. The value is empty where there is no such flag.
func cutFlag(args []string, name string) (value string, rest []string, err error) {
	for i := 0; i < len(args); i++ {
		key, v, joined := strings.Cut(args[i], "=")
		if key != name {
			rest = append(rest, args[i])
			continue
		}
		if !joined {
			if i++; i == len(args) {
				return "", nil, fmt.Errorf("%s needs a value", name)
			}
			v = args[i]
		}
		value = v
	}
	return value, rest, nil
}
