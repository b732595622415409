package main

import (
	"fmt"
	"slices"

	"guildhall/server/config"
)

// helped prints how a command is used if that is asked for. Of the settings it
// lists those that say where the database is; the command takes all.
func helped(args []string, usage string) bool {
	if !slices.ContainsFunc(args, func(a string) bool { return a == "--help" || a == "-help" || a == "-h" }) {
		return false
	}
	fmt.Printf("Usage: %s\n\nSettings (guildhall serve --help lists all):\n%s", //nolint:forbidigo // the help
		usage, config.List("GUILDHALL_DATA", "DATABASE_URL", "GUILDHALL_PG_BIN"))
	return true
}

const (
	backupUsage = `guildhall backup FILE [settings]

Writes the whole database to a new file. The server may run.`
	restoreUsage = `guildhall restore FILE [--replace] [settings]

Fills an empty database from a backup.
  --replace
        throw away what the database holds first`
	seedUsage = `guildhall seed --demo [settings], or guildhall seed --size small|medium|large [settings]

Fills an empty database, or one of a demonstration, with made-up people.
  --demo
        the demonstration: 60 people with what they say
  --size small|medium|large
        a set for measuring, beside it`
	adminUsage = `guildhall admin create --email ADDRESS [--name NAME] [settings]

Makes an administrator, also while the server runs, and prints a code with which
they sign in for the first time.
  --email ADDRESS
        the person's address
  --name NAME
        needed if nobody has the address yet`
)
