package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// leastSecret is how many characters the secret of a cluster has at least:
// strangers may try it as often as they like.
const leastSecret = 24

// checkNodes validates what several nodes need.
func (c *Config) checkNodes() error {
	if c.NATSURL != "" && c.ClusterListen != "" {
		return errors.New("NATS_URL and --cluster-listen (GUILDHALL_CLUSTER_LISTEN) are two ways to several nodes: set one of them")
	}
	for part := range strings.SplitSeq(c.NATSURL, ",") {
		u, err := url.Parse(strings.TrimSpace(part))
		if c.NATSURL != "" && (err != nil || u.Hostname() == "" || u.Scheme != "nats" && u.Scheme != "tls") {
			return errors.New("NATS_URL must be like nats://user:password@host:4222 or tls://host:4222, with commas between several") // its own words may hold the password
		}
	}
	if c.ClusterListen == "" {
		if c.ClusterRoutes != "" || c.ClusterSecret != "" {
			return errors.New("--cluster-listen (GUILDHALL_CLUSTER_LISTEN) must be set when --cluster-routes or GUILDHALL_CLUSTER_SECRET is")
		}
		return nil
	}
	if !isAddress(c.ClusterListen) {
		return fmt.Errorf("--cluster-listen (GUILDHALL_CLUSTER_LISTEN) must be HOST:PORT with a port up to 65535, such as 10.0.0.1:6222, not %q", c.ClusterListen)
	}
	if len(c.ClusterSecret) < leastSecret {
		return fmt.Errorf("GUILDHALL_CLUSTER_SECRET must have at least %d characters when --cluster-listen (GUILDHALL_CLUSTER_LISTEN) is set", leastSecret)
	}
	if strings.ContainsAny(c.ClusterName, " \t\n") {
		return fmt.Errorf("--cluster-name (GUILDHALL_CLUSTER_NAME) must be one word, not %q", c.ClusterName)
	}
	for part := range strings.SplitSeq(c.ClusterRoutes, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		if host, _, _ := net.SplitHostPort(part); host == "" || !isAddress(part) {
			return fmt.Errorf("--cluster-routes (GUILDHALL_CLUSTER_ROUTES): %q is not HOST:PORT", part)
		}
		c.Routes = append(c.Routes, part)
	}
	return nil
}

// isAddress says whether text is HOST:PORT, where the host may be empty.
func isAddress(text string) bool {
	_, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	return err == nil
}
