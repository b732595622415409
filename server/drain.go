package server

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// Close stops taking requests, tells sockets to come back later, stores what
// was taken, ends the work in the background, and leaves the other nodes, who
// are told of all that. It takes at most twice the drain time and a few
// seconds. What does not end in that time is cut off, which is no error: a peer
// comes back, a message is answered "try later", and a job runs again when its
// lease is over.
func (s *Server) Close() (err error) {
	s.draining.Store(true)
	defer func() { err = errors.Join(err, s.Files.Close()) }()
	defer s.Bus.Close()
	err = s.closeConnections()
	ctx, cancel := context.WithTimeout(context.Background(), s.Config.DrainTimeout)
	defer cancel()
	if err := s.Chat.Close(ctx); err != nil {
		s.log.Warn("some messages were not stored in time; their senders are told to try again", "error", err)
	}
	s.stop()
	select {
	case <-s.working:
		return err
	case <-ctx.Done():
	}
	s.log.Warn("some jobs did not end in time and are cut off; they run again later")
	s.cutOff()
	select {
	case <-s.working:
	case <-time.After(time.Second): // one that does not listen ends with the process
	}
	return err
}

func (s *Server) closeConnections() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.Config.DrainTimeout)
	defer cancel()
	err := s.Hub.Close(ctx)
	s.silent.end()
	err = errors.Join(err, s.app.ShutdownWithContext(ctx))
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("some connections did not end in time and are cut off", "error", err)
		return nil
	}
	return err
}

// silentConns are connections that have not sent a request yet, such as
// browsers open ahead of need. A shutdown would wait for them: fasthttp takes
// them for busy.
type silentConns struct {
	conns sync.Map // of net.Conn
	over  atomic.Bool
}

// watch is told of each connection's life.
func (s *silentConns) watch(c net.Conn, state fasthttp.ConnState) {
	switch state {
	case fasthttp.StateNew:
		s.conns.Store(c, nil)
		if s.over.Load() {
			hangUp(c)
		}
	case fasthttp.StateClosed:
		s.conns.Delete(c)
	case fasthttp.StateActive, fasthttp.StateIdle, fasthttp.StateHijacked: // active means that it is read from, no more
	}
}

// spoke is told of each request.
func (s *silentConns) spoke(c net.Conn) { s.conns.Delete(c) }

// end closes those that are there and those that still come.
func (s *silentConns) end() {
	s.over.Store(true)
	s.conns.Range(func(c, _ any) bool {
		hangUp(c.(net.Conn))
		return true
	})
}

// hangUp ends a connection as if the peer had left: reading from a closed one
// would be logged as a fault.
func hangUp(c net.Conn) {
	if half, ok := c.(interface{ CloseRead() error }); ok {
		_ = half.CloseRead() // it was never used
		return
	}
	_ = c.Close() // it was never used
}
