// Command guildhall runs the network: `guildhall serve`, and what an operator
// needs beside it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"guildhall/server/config"
)

// version is set when the program is built.
var version = ""

type command struct {
	name, about string
	run         func(ctx context.Context, args []string) error
}

var commands = []command{
	{"serve", "run the network", serve},
	{"migrate", "bring the database up to date and end", migrate},
	{"seed", "seed --demo, or seed --size small|medium|large: fill an empty database with made-up people", seedCommand},
	{"admin", "admin create --email ... --name ...: make an administrator", admin},
	{"backup", "backup FILE [settings]: write the whole database to a file; the server may run", backup},
	{"restore", "restore FILE [--replace] [settings]: fill an empty database from such a file", restore},
	{"search", "search eval --url URL --queries FILE [--json]: measure the search", searchCommand},
	{"bench", "bench chat|http --url URL ... [--json]: measure a running server", benchCommand},
	{"openapi", "print the description of the API", openapi},
	{"version", "print the version", func(context.Context, []string) error { fmt.Fprintln(os.Stdout, "guildhall "+about()); return nil }},
}

func main() { os.Exit(run()) }

// run does what the command line says and gives the exit code.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	name := ""
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	for _, c := range commands {
		if c.name != name {
			continue
		}
		if err := c.run(ctx, os.Args[2:]); err != nil && !errors.Is(err, config.ErrHelp) {
			fmt.Fprintf(os.Stderr, "guildhall %s: %v\n", name, err)
			return 1
		}
		return 0
	}
	wrong := name != "" && name != "help" && name != "--help" && name != "-h"
	if wrong {
		fmt.Fprintf(os.Stderr, "guildhall: there is no command %q\n\n", name)
	}
	fmt.Fprintln(os.Stderr, "Usage: guildhall COMMAND\n\nCommands:")
	for _, c := range commands {
		fmt.Fprintf(os.Stderr, "  %-9s %s\n", c.name, c.about)
	}
	if wrong {
		return 2
	}
	return 0
}

// about is the version and the commit it was built from.
func about() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return "development"
}
