package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrHelp says that the reader asked for help and got it.
var ErrHelp = flag.ErrHelp

// Load reads the settings: defaults, then the environment, then flags. The
// help text goes to out. An error is one sentence that names the setting.
func Load(command string, args []string, env func(string) (string, bool), out io.Writer) (Config, error) {
	var c Config
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	for _, s := range settings(&c) {
		if err := s.fromEnvironment(env); err != nil {
			return c, err
		}
		if s.flag != "" {
			flags.Var(flagValue{s}, s.flag, s.help)
		}
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(out, Manual(command))
			return c, ErrHelp
		}
		return c, fmt.Errorf("%w (guildhall %s --help lists the settings)", err, command)
	}
	if rest := flags.Args(); len(rest) > 0 {
		return c, fmt.Errorf("%q is not a setting (guildhall %s --help lists them)", rest[0], command)
	}
	return c, c.check()
}

// Manual lists every setting with its default.
func Manual(command string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: guildhall %s [settings]\n\nEach setting is a flag, an environment variable, or both. A secret NAME may also\ncome from a file by NAME_FILE.\n\n", command)
	b.WriteString(List())
	return b.String()
}

// List describes the settings of these environment names, or all.
func List(names ...string) string {
	var b strings.Builder
	for _, s := range settings(&Config{}) {
		if len(names) > 0 && !slices.Contains(names, s.env) {
			continue
		}
		name := "  " + s.env
		if s.flag != "" {
			name = "  --" + s.flag + "  " + s.env
		}
		fmt.Fprintf(&b, "%s\n        %s", name, s.help)
		if s.def != "" {
			fmt.Fprintf(&b, " (default %s)", s.def)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// setting is one field of Config with its tags.
type setting struct {
	env, flag, help, def string
	choice               []string
	secret               bool
	field                reflect.Value
}

func settings(c *Config) []setting {
	var out []setting
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		if tag.Get("env") == "" {
			continue
		}
		s := setting{
			env: tag.Get("env"), flag: tag.Get("flag"), help: tag.Get("help"), def: tag.Get("default"),
			secret: tag.Get("secret") != "", field: v.Field(i),
		}
		if choice := tag.Get("choice"); choice != "" {
			s.choice = strings.Split(choice, ",")
		}
		out = append(out, s)
	}
	return out
}

func (s setting) fromEnvironment(env func(string) (string, bool)) error {
	value := s.def
	if text, ok := env(s.env); ok && text != "" {
		value = text
	} else if path, ok := env(s.env + "_FILE"); ok && s.secret && path != "" {
		b, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("%s_FILE: %w", s.env, err)
		}
		value = strings.TrimSpace(string(b))
	}
	if value == "" {
		return nil
	}
	if err := s.set(value); err != nil {
		return fmt.Errorf("%s: %w", s.env, err)
	}
	return nil
}

func (s setting) set(text string) error {
	if s.choice != nil && !slices.Contains(s.choice, text) {
		return fmt.Errorf("%q is not one of %s", text, strings.Join(s.choice, ", "))
	}
	switch s.field.Interface().(type) {
	case string:
		s.field.SetString(text)
	case bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		s.field.SetBool(b)
	case int:
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1_000_000 {
			return fmt.Errorf("%q is not a number from 1 to 1,000,000", text)
		}
		s.field.SetInt(int64(n))
	case time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return fmt.Errorf("%q is not a length of time, such as 5s", text)
		}
		s.field.SetInt(int64(d))
	}
	return nil
}

// flagValue lets the flag package set a setting.
type flagValue struct{ setting }

// String is needed by flag.Value; the manual is made elsewhere.
func (f flagValue) String() string { return f.def }

// Set takes the flag's text.
func (f flagValue) Set(text string) error { return f.set(text) }

// IsBoolFlag lets --demo stand without a value.
func (f flagValue) IsBoolFlag() bool { return f.field.IsValid() && f.field.Kind() == reflect.Bool }
