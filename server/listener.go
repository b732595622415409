package server

import (
	"errors"
	"log/slog"
	"net"
	"syscall"
	"time"
)

// patient is a listener that lives through a lack of descriptors or memory:
// the HTTP server would take such an error for the end, and one client with
// many idle connections would end the whole network.
type patient struct {
	net.Listener
	log *slog.Logger
}

// Accept waits for a connection, and with a lack of means for better times:
// 5 ms, doubling to a second.
func (p patient) Accept() (net.Conn, error) {
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		c, err := p.Listener.Accept()
		if err == nil || !scarce(err) {
			return c, err
		}
		p.log.Warn("no connection can be accepted; it is tried again", "after", wait, "error", err)
		time.Sleep(wait)
	}
}

func scarce(err error) bool {
	for _, lack := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, lack) {
			return true
		}
	}
	return false
}
