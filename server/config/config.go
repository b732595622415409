// Package config holds the settings: each is one environment variable and one
// flag, read once at start and handed on as an argument.
package config

import (
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Config is every setting. The tags are the manual: `serve --help` is made
// from them. A secret has no flag, since other people on
// the machine can read a command line; it may come from a file by NAME_FILE.
type Config struct {
	Listen string `env:"GUILDHALL_LISTEN" flag:"listen" default:"127.0.0.1:8080" help:"address to listen on, HOST:PORT"`
	Data   string `env:"GUILDHALL_DATA" flag:"data" default:"./data" help:"folder for the private PostgreSQL, mail and files"`
	Demo   bool   `env:"GUILDHALL_DEMO" flag:"demo" help:"run the demonstration network of made-up people, on loopback only"`
	URL    string `env:"GUILDHALL_URL" flag:"url" help:"address people use, such as https://guildhall.example.org; by default http:// and the listen address, which will do on loopback only"`

	DatabaseURL string `env:"DATABASE_URL" secret:"yes" help:"PostgreSQL 15 or newer; without it a private one runs in the data folder"`
	PGBin       string `env:"GUILDHALL_PG_BIN" flag:"pg-bin" help:"folder of the PostgreSQL programs for the private server; it always wins"`

	Search      string `env:"GUILDHALL_SEARCH" flag:"search" default:"auto" choice:"auto,postgres,meilisearch" help:"search engine: auto, postgres or meilisearch"`
	MeiliURL    string `env:"MEILI_URL" flag:"meili-url" help:"address of a Meilisearch server"`
	MeiliAPIKey string `env:"MEILI_API_KEY" secret:"yes" help:"key of the Meilisearch server"`

	NATSURL       string `env:"NATS_URL" secret:"yes" help:"NATS server that carries live frames between several nodes, nats://user:password@host:4222 or tls://, more of its cluster after commas; without it one runs inside this process"`
	ClusterListen string `env:"GUILDHALL_CLUSTER_LISTEN" flag:"cluster-listen" help:"address for other nodes, HOST:PORT: nodes on one database then carry live frames between them with no NATS server beside them"`
	ClusterRoutes string `env:"GUILDHALL_CLUSTER_ROUTES" flag:"cluster-routes" help:"cluster addresses of other nodes, HOST:PORT, separated by commas; one that is up is enough"`
	ClusterName   string `env:"GUILDHALL_CLUSTER_NAME" flag:"cluster-name" default:"guildhall" help:"name of the cluster, the same on all nodes"`
	ClusterSecret string `env:"GUILDHALL_CLUSTER_SECRET" secret:"yes" help:"secret of the cluster, the same on all nodes, at least 24 characters; it also encrypts what they say to each other"`

	SMTPURL  string `env:"SMTP_URL" secret:"yes" help:"mail server, smtp://user:password@host:587 or smtps://host:465; without it mail is written to the data folder, on a loopback address only"`
	MailFrom string `env:"GUILDHALL_MAIL_FROM" flag:"mail-from" default:"Guildhall <guildhall@localhost>" help:"sender of mail"`

	Files string `env:"GUILDHALL_FILES" flag:"files" help:"bucket for what people upload, s3://BUCKET?region=REGION or azblob://CONTAINER, with the provider's own variables for its secrets; without it files are in the data folder"`

	TrustedProxies string `env:"GUILDHALL_TRUSTED_PROXIES" flag:"trusted-proxies" help:"addresses or networks of reverse proxies, separated by commas, whose X-Forwarded-For counts"`
	Name           string `env:"GUILDHALL_NAME" flag:"name" default:"Guildhall" help:"name of the network"`
	TimeZone       string `env:"GUILDHALL_TIME_ZONE" flag:"time-zone" default:"Europe/London" help:"time zone of the network"`

	RetentionPeriods       string `env:"GUILDHALL_RETENTION_PERIODS" flag:"retention-periods" default:"30,90,180,365,730,2190" help:"days for which facilitators may let a room keep its messages, separated by commas"`
	RetentionConversations int    `env:"GUILDHALL_RETENTION_CONVERSATIONS" flag:"retention-conversations" default:"730" help:"days for which conversations between people keep their messages; 0 keeps them"`

	LogFormat string `env:"GUILDHALL_LOG_FORMAT" flag:"log-format" default:"text" choice:"text,json" help:"text or json"`
	LogLevel  string `env:"GUILDHALL_LOG_LEVEL" flag:"log-level" default:"info" choice:"debug,info,warn,error" help:"debug, info, warn or error"`

	MetricsToken string `env:"GUILDHALL_METRICS_TOKEN" secret:"yes" help:"bearer token that /metrics asks for; without it /metrics answers loopback peers only"`

	LimitCodes    int `env:"GUILDHALL_LIMIT_CODES" flag:"limit-codes" default:"5" help:"sign-in codes for one account in an hour"`
	LimitMessages int `env:"GUILDHALL_LIMIT_MESSAGES" flag:"limit-messages" default:"60" help:"messages, topics and posts of one account in a minute"`
	LimitSockets  int `env:"GUILDHALL_LIMIT_SOCKETS" flag:"limit-sockets" default:"10" help:"live connections of one account"`

	LimitFileMB  int `env:"GUILDHALL_LIMIT_FILE_MB" flag:"limit-file-mb" default:"25" help:"size of one file that people upload, in megabytes of 1,000,000 bytes"`
	LimitFiles   int `env:"GUILDHALL_LIMIT_FILES" flag:"limit-files" default:"10" help:"files in one message, at most 50"`
	LimitUploads int `env:"GUILDHALL_LIMIT_UPLOADS" flag:"limit-uploads" default:"100" help:"files that one account uploads in an hour"`

	LimitAddressSignIns int `env:"GUILDHALL_LIMIT_ADDRESS_SIGN_INS" flag:"limit-address-sign-ins" default:"200" help:"sign-in requests from one address in 10 minutes"`
	LimitAddressSockets int `env:"GUILDHALL_LIMIT_ADDRESS_SOCKETS" flag:"limit-address-sockets" default:"2000" help:"live connections from one address"`

	Committers   int           `env:"GUILDHALL_COMMITTERS" flag:"committers" default:"2" help:"transactions that store chat messages at the same time"`
	DBPool       int           `env:"GUILDHALL_DB_POOL" flag:"db-pool" default:"16" help:"database connections for requests"`
	DrainTimeout time.Duration `env:"GUILDHALL_DRAIN_TIMEOUT" flag:"drain-timeout" default:"5s" help:"how long a stopping server waits for work under way"`

	// URLGiven says that URL was set and not made from Listen.
	URLGiven bool
	// Proxies is TrustedProxies, parsed.
	Proxies []netip.Prefix
	// Routes is ClusterRoutes, parsed.
	Routes []string
	// Periods is RetentionPeriods, parsed, the shortest first.
	Periods []int
	// Zone is TimeZone, loaded.
	Zone *time.Location
}

// PostgresDir is the folder of the private PostgreSQL.
func (c Config) PostgresDir() string { return filepath.Join(c.Data, "postgres") }

// MailDir is where mail goes without a mail server.
func (c Config) MailDir() string { return filepath.Join(c.Data, "mail") }

// FilesDir is where files go without a bucket.
func (c Config) FilesDir() string { return filepath.Join(c.Data, "files") }

// Loopback says whether the listen address is reached from this machine only.
func (c Config) Loopback() bool {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return false
	}
	return isLoopback(host)
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// MailServer is SMTPURL, parsed; nil where there is none.
func (c Config) MailServer() (*url.URL, error) {
	if c.SMTPURL == "" {
		return nil, nil
	}
	u, err := url.Parse(c.SMTPURL)
	if err == nil && u.Port() != "" {
		_, err = strconv.ParseUint(u.Port(), 10, 16)
	}
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, fmt.Errorf("SMTP_URL must be like smtp://user:password@host:587 or smtps://host:465") // its own words may hold the password
	}
	return u, nil
}

// Sender is MailFrom, parsed.
func (c Config) Sender() (*mail.Address, error) {
	from, err := mail.ParseAddress(c.MailFrom)
	if err != nil {
		return nil, fmt.Errorf("--mail-from (GUILDHALL_MAIL_FROM) must be an address, such as Guildhall <guildhall@example.org>, not %q", c.MailFrom)
	}
	return from, nil
}

// Secure says whether people come by https, so that cookies can say Secure.
func (c Config) Secure() bool { return strings.HasPrefix(c.URL, "https://") }

// check completes and validates the settings; an error is one sentence that
// names the setting.
func (c *Config) check() error {
	if !isAddress(c.Listen) {
		return fmt.Errorf("--listen (GUILDHALL_LISTEN) must be HOST:PORT with a port up to 65535, such as 127.0.0.1:8080, not %q", c.Listen)
	}
	if c.URLGiven = c.URL != ""; !c.URLGiven {
		c.URL = "http://" + c.Listen
	}
	c.URL = strings.TrimRight(c.URL, "/")
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.Path != "" {
		return fmt.Errorf("--url (GUILDHALL_URL) must be http:// or https:// and a host without a path, not %q", c.URL)
	}
	if c.Demo && !c.Loopback() {
		return fmt.Errorf("--demo (GUILDHALL_DEMO) listens on loopback only; --listen is %s", c.Listen)
	}
	if c.SMTPURL == "" && !c.Loopback() {
		return fmt.Errorf("SMTP_URL must be set when --listen (%s) is not a loopback address, or nobody could get a sign-in code", c.Listen)
	}
	if _, err := c.MailServer(); err != nil {
		return err
	}
	if _, err := c.Sender(); err != nil {
		return err
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) {
		return fmt.Errorf("--url (GUILDHALL_URL) must be the https:// address that people use, not %q: sessions may travel over plain http on a loopback address only", c.URL)
	}
	if c.Search == "meilisearch" {
		return fmt.Errorf("--search (GUILDHALL_SEARCH) may not be meilisearch yet: this version searches with PostgreSQL; say auto or postgres")
	}
	for part := range strings.SplitSeq(c.TrustedProxies, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(part)
		if addr, single := netip.ParseAddr(part); err != nil && single == nil {
			prefix, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			return fmt.Errorf("--trusted-proxies (GUILDHALL_TRUSTED_PROXIES): %q is neither an address nor a network", part)
		}
		c.Proxies = append(c.Proxies, prefix)
	}
	if scheme, _, ok := strings.Cut(c.Files, "://"); c.Files != "" && (!ok || scheme != "s3" && scheme != "azblob") {
		return fmt.Errorf("--files (GUILDHALL_FILES) must be like s3://BUCKET?region=REGION or azblob://CONTAINER, not %q", c.Files)
	}
	if c.LimitFiles > 50 {
		return fmt.Errorf("--limit-files (GUILDHALL_LIMIT_FILES) is at most 50, not %d", c.LimitFiles)
	}
	if err := c.checkNodes(); err != nil {
		return err
	}
	if c.RetentionConversations < 0 {
		return fmt.Errorf("--retention-conversations (GUILDHALL_RETENTION_CONVERSATIONS) must be a number of days, or 0 to keep them, not %d", c.RetentionConversations)
	}
	for part := range strings.SplitSeq(c.RetentionPeriods, ",") {
		days, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || days < 1 || days > 36500 {
			return fmt.Errorf("--retention-periods (GUILDHALL_RETENTION_PERIODS): %q is not a number of days from 1 to 36500", part)
		}
		c.Periods = append(c.Periods, days)
	}
	slices.Sort(c.Periods)
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return fmt.Errorf("--time-zone (GUILDHALL_TIME_ZONE): there is no zone %q", c.TimeZone)
	}
	c.Zone = zone
	if c.Data, err = filepath.Abs(c.Data); err != nil {
		return fmt.Errorf("--data (GUILDHALL_DATA): %w", err)
	}
	return nil
}

// Environ is the process's environment as Load takes it.
func Environ(name string) (string, bool) { return os.LookupEnv(name) }
