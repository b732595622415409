package realtime

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"golang.org/x/time/rate"

	"guildhall/server/config"
	"guildhall/server/ids"
)

// startNATS starts the NATS server inside this process, or none where the
// settings name one outside, and says how it is reached. Alone it opens no
// port.
func startNATS(d Nodes) (*server.Server, []nats.Option, error) {
	if d.Config.NATSURL != "" {
		return nil, nil, nil
	}
	o := &server.Options{
		DontListen: true, NoSigs: true, NoSystemAccount: true,
		PingInterval: 5 * time.Second, MaxPingsOut: 2, WriteDeadline: 5 * time.Second,
	}
	if d.Config.ClusterListen != "" {
		if err := meshed(o, d.Config); err != nil {
			return nil, nil, err
		}
	}
	s, err := server.NewServer(o)
	if err != nil {
		return nil, nil, fmt.Errorf("NATS inside: %w", err)
	}
	s.SetLogger(natsLog{d.Log, &rate.Sometimes{First: 3, Interval: 30 * time.Second}}, false, false)
	s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		s.Shutdown()
		return nil, nil, fmt.Errorf("--cluster-listen (GUILDHALL_CLUSTER_LISTEN): the NATS server inside does not start on %q", d.Config.ClusterListen)
	}
	return s, []nats.Option{nats.InProcessServer(s), nats.UserInfo(o.Username, o.Password)}, nil
}

// meshed lets other nodes in, and finds them: one of them is enough, which
// tells of the rest. With DontListen a NATS server never comes to its routes
// (StartRouting waits for the port of clients), so clients get a port that only
// this machine reaches and a password that only this process knows.
func meshed(o *server.Options, c config.Config) error {
	// Asked first, since the server would only say that it is not ready.
	probe, err := net.Listen("tcp", c.ClusterListen)
	if err != nil {
		return fmt.Errorf("--cluster-listen (GUILDHALL_CLUSTER_LISTEN): %w", err)
	}
	if err := probe.Close(); err != nil {
		return fmt.Errorf("--cluster-listen (GUILDHALL_CLUSTER_LISTEN): %w", err)
	}
	host, text, err := net.SplitHostPort(c.ClusterListen)
	if err != nil {
		return fmt.Errorf("--cluster-listen (GUILDHALL_CLUSTER_LISTEN): %w", err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("--cluster-listen (GUILDHALL_CLUSTER_LISTEN): %w", err)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	identity, err := clusterTLS(c.ClusterSecret)
	if err != nil {
		return err
	}
	o.DontListen, o.Host, o.Port = false, "127.0.0.1", server.RANDOM_PORT
	o.Username, o.Password = "guildhall", ids.Token(32)
	o.Cluster = server.ClusterOpts{
		Name: c.ClusterName, Host: host, Port: port, PoolSize: -1, TLSConfig: identity, TLSTimeout: 5,
		PingInterval: 5 * time.Second, MaxPingsOut: 2, WriteDeadline: 5 * time.Second,
	}
	for _, route := range c.Routes {
		o.Routes = append(o.Routes, &url.URL{Scheme: "nats", Host: route})
	}
	return nil
}

// clusterTLS makes of the secret that the nodes share a key and a certificate
// that all of them have: each shows it and takes no other. So one setting both
// keeps strangers out and keeps what is said between the nodes private.
func clusterTLS(secret string) (*tls.Config, error) {
	const name = "guildhall-cluster"
	seed := sha256.Sum256([]byte(name + "\n" + secret))
	key := ed25519.NewKeyFromSeed(seed[:])
	plain := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(nil, plain, plain, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("certificate of the cluster: %w", err)
	}
	own, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("certificate of the cluster: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(own)
	return &tls.Config{
		MinVersion: tls.VersionTLS13, ServerName: name, RootCAs: pool, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert,
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key, Leaf: own}},
	}, nil
}

// ClusterAddress is where other nodes reach this one; empty without a cluster.
func (b *Bus) ClusterAddress() string {
	if l := b.link.Load(); l != nil && l.server != nil && l.server.ClusterAddr() != nil {
		return l.server.ClusterAddr().String()
	}
	return ""
}

// natsLog is where the NATS server inside writes to.
type natsLog struct {
	log    *slog.Logger
	seldom *rate.Sometimes // it tries each second, and fails each time, while a node is down
}

// Noticef is for who looks for a fault.
func (n natsLog) Noticef(format string, v ...any) {
	n.log.Debug("NATS inside", "said", fmt.Sprintf(format, v...))
}

// Warnf is about settings, which are ours and not the operator's.
func (n natsLog) Warnf(format string, v ...any) { n.Noticef(format, v...) }

// Errorf is for what a node goes on without: another is out of reach, or has
// another secret.
func (n natsLog) Errorf(format string, v ...any) {
	n.seldom.Do(func() { n.log.Warn("between the nodes of the cluster", "said", fmt.Sprintf(format, v...)) })
}

// Fatalf does not end the process: Join gives an error.
func (n natsLog) Fatalf(format string, v ...any) { n.Errorf(format, v...) }

// Debugf is silent.
func (natsLog) Debugf(string, ...any) {}

// Tracef is silent.
func (natsLog) Tracef(string, ...any) {}
