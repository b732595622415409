package config_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"guildhall/server/config"
)

func load(args []string, env map[string]string) (config.Config, error) {
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	return config.Load("serve", args, lookup, io.Discard)
}

func TestFlagsWinOverEnvironmentOverDefaults(t *testing.T) {
	c, err := load([]string{"--listen", "127.0.0.1:9", "--demo"}, map[string]string{"GUILDHALL_LISTEN": "127.0.0.1:8", "GUILDHALL_NAME": "Leaders"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:9" || !c.Demo || c.Name != "Leaders" || c.LimitCodes != 5 || c.URL != "http://127.0.0.1:9" {
		t.Errorf("got %+v", c)
	}
}

func TestSecretFromFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("smtps://mail.example:465\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := load(nil, map[string]string{"SMTP_URL_FILE": path})
	if err != nil || c.SMTPURL != "smtps://mail.example:465" {
		t.Errorf("got %q, %v", c.SMTPURL, err)
	}
}

// TestWrongValuesAreNamed: a wrong value stops the start with a sentence that
// names the setting.
func TestWrongValuesAreNamed(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		env  map[string]string
		want string
	}{
		"listen":     {[]string{"--listen", "8080"}, nil, "GUILDHALL_LISTEN"},
		"port":       {[]string{"--listen", "127.0.0.1:99999"}, nil, "GUILDHALL_LISTEN"},
		"port name":  {[]string{"--listen", "127.0.0.1:http"}, nil, "GUILDHALL_LISTEN"},
		"smtp":       {nil, map[string]string{"SMTP_URL": "foo"}, "SMTP_URL"},
		"smtp port":  {nil, map[string]string{"SMTP_URL": "smtp://host:99999"}, "SMTP_URL"},
		"from":       {nil, map[string]string{"GUILDHALL_MAIL_FROM": "abc"}, "GUILDHALL_MAIL_FROM"},
		"url":        {[]string{"--url", "guildhall.example"}, nil, "GUILDHALL_URL"},
		"demo":       {[]string{"--demo", "--listen", "0.0.0.0:8080"}, nil, "GUILDHALL_DEMO"},
		"mail":       {[]string{"--listen", "0.0.0.0:8080"}, nil, "SMTP_URL"},
		"lan":        {[]string{"--listen", "0.0.0.0:8080"}, map[string]string{"SMTP_URL": "smtp://mail.example:25"}, "GUILDHALL_URL"},
		"any":        {[]string{"--listen", ":8080"}, map[string]string{"SMTP_URL": "smtp://mail.example:25"}, "GUILDHALL_URL"},
		"plain":      {[]string{"--url", "http://guildhall.example"}, nil, "GUILDHALL_URL"},
		"search":     {nil, map[string]string{"GUILDHALL_SEARCH": "grep"}, "GUILDHALL_SEARCH"},
		"files":      {[]string{"--files", "ftp://x"}, nil, "GUILDHALL_FILES"},
		"many files": {[]string{"--limit-files", "51"}, nil, "GUILDHALL_LIMIT_FILES"},
		"limit":      {nil, map[string]string{"GUILDHALL_LIMIT_CODES": "many"}, "GUILDHALL_LIMIT_CODES"},
		"proxies":    {nil, map[string]string{"GUILDHALL_TRUSTED_PROXIES": "10.0.0.1, proxy"}, "GUILDHALL_TRUSTED_PROXIES"},
		"nats":       {nil, map[string]string{"NATS_URL": "host:4222"}, "NATS_URL"},
		"nats twice": {nil, map[string]string{"NATS_URL": "nats://a:4222,http://b:4222"}, "NATS_URL"},
		"both":       {[]string{"--cluster-listen", "127.0.0.1:6222"}, map[string]string{"NATS_URL": "nats://a:4222"}, "NATS_URL"},
		"cluster":    {[]string{"--cluster-listen", "6222"}, nil, "GUILDHALL_CLUSTER_LISTEN"},
		"no secret":  {[]string{"--cluster-listen", "127.0.0.1:6222"}, nil, "GUILDHALL_CLUSTER_SECRET"},
		"short":      {[]string{"--cluster-listen", "127.0.0.1:6222"}, map[string]string{"GUILDHALL_CLUSTER_SECRET": "hunter2"}, "GUILDHALL_CLUSTER_SECRET"},
		"no listen":  {[]string{"--cluster-routes", "127.0.0.1:6222"}, nil, "GUILDHALL_CLUSTER_LISTEN"},
		"routes":     {[]string{"--cluster-listen", ":6222", "--cluster-routes", "10.0.0.1:6222, :6222"}, map[string]string{"GUILDHALL_CLUSTER_SECRET": "twenty-four characters, or more"}, "GUILDHALL_CLUSTER_ROUTES"},
		"words":      {[]string{"--cluster-listen", ":6222", "--cluster-name", "two words"}, map[string]string{"GUILDHALL_CLUSTER_SECRET": "twenty-four characters, or more"}, "GUILDHALL_CLUSTER_NAME"},
		"zone":       {nil, map[string]string{"GUILDHALL_TIME_ZONE": "Mars/Olympus"}, "GUILDHALL_TIME_ZONE"},
		"no flag":    {[]string{"--colour", "blue"}, nil, "colour"},
		"stray word": {[]string{"demo"}, nil, "demo"},
		"file":       {nil, map[string]string{"SMTP_URL_FILE": "/nowhere/at/all"}, "SMTP_URL_FILE"},
	} {
		if _, err := load(c.args, c.env); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v and should name %s", name, err, c.want)
		}
	}
}

func TestNoPasswordIsTold(t *testing.T) {
	for _, address := range []string{"mysmtp://me:hunter2@host", "smtp://me:hunter2@host:x", "smtp://me:hun%ter2@host", "me:hunter2@host"} {
		if _, err := load(nil, map[string]string{"SMTP_URL": address}); err == nil || strings.Contains(err.Error(), "hun") {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"http://me:hunter2@host", "nats://me:hun%ter2@host", "nats://me:hunter2@host:x", "me:hunter2@host"} {
		if _, err := load(nil, map[string]string{"NATS_URL": address}); err == nil || strings.Contains(err.Error(), "hun") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestSecretsHaveNoFlag(t *testing.T) {
	if m := config.Manual("serve"); strings.Contains(m, "--database-url") || !strings.Contains(m, "DATABASE_URL") {
		t.Error("the manual must list DATABASE_URL, and without a flag")
	}
}
