package server

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"syscall"
	"testing"
)

// failing gives errors first, then what the real one gives.
type failing struct {
	net.Listener
	errs []error
}

func (f *failing) Accept() (net.Conn, error) {
	if len(f.errs) > 0 {
		err := f.errs[0]
		f.errs = f.errs[1:]
		return nil, err
	}
	return nil, net.ErrClosed
}

// TestNoDescriptorsIsNotTheEnd: accept fails as the kernel says it does.
func TestNoDescriptorsIsNotTheEnd(t *testing.T) {
	t.Parallel()
	lack := &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	f := &failing{errs: []error{lack, lack, lack}}
	if _, err := (patient{f, slog.New(slog.DiscardHandler)}).Accept(); !errors.Is(err, net.ErrClosed) || len(f.errs) != 0 {
		t.Errorf("it ended with %v and %d errors to come", err, len(f.errs))
	}
}
