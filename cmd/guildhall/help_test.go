package main

import (
	"context"
	"strings"
	"testing"

	"guildhall/server/testkit"
)

// TestHelpListsWhatMatters, and asking for it does nothing else.
func TestHelpListsWhatMatters(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing")
	for _, c := range []struct {
		run  func(context.Context, []string) error
		args []string
		want string
	}{
		{admin, []string{"--help"}, "--email"},
		{admin, []string{"create", "--help"}, "--name"},
		{backup, []string{"-h"}, "backup FILE"},
		{restore, []string{"file", "--help"}, "--replace"},
		{seedCommand, []string{"--help"}, "--size"},
	} {
		out := printed(t, func() error { return c.run(t.Context(), c.args) })
		if !strings.Contains(out, c.want) || !strings.Contains(out, "--data") || strings.Contains(out, "SMTP_URL") {
			t.Errorf("%v: %s", c.args, out)
		}
	}
}

// TestCommandsSayWhatIsWrongInOneSentence, and what they did.
func TestCommandsSayWhatIsWrongInOneSentence(t *testing.T) {
	t.Setenv("DATABASE_URL", testkit.DB(t).DSN())
	settings := []string{"--data", t.TempDir(), "--log-level", "error"}
	for _, c := range []struct {
		run  func(context.Context, []string) error
		args []string
		want string
	}{
		{admin, append([]string{"create", "--email", "nonsense", "--name", "A"}, settings...), "--email: "},
		{admin, append([]string{"create", "--email", "a@b.example"}, settings...), "--name: nobody has this address yet: enter the person's name"},
		{searchCommand, []string{"eval"}, "--queries is needed"},
		{benchCommand, []string{"chat", "--members", "5", "--url", "http://127.0.0.1:1", "--duration", "1s"}, "no server answers"},
	} {
		err := c.run(t.Context(), c.args)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "body.") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: %v", c.args, err)
		}
	}
	if out := printed(t, func() error { return migrate(t.Context(), settings) }); !strings.HasPrefix(out, "The database was up to date: version ") {
		t.Errorf("migrate: %s", out)
	}
}
