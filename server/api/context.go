package api

import (
	"context"
	"errors"
	"time"

	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/problem"
)

type contextKey int

const (
	actorKey contextKey = iota
	requestKey
)

// Request is what is known of the request apart from its input.
type Request struct {
	ID     string // in the log and in problems
	Peer   string // address of the person, proxies taken off
	Device string // User-Agent, at most 200 bytes
	Cookie string // the session cookie's value, "" without one
	Exempt bool   // from the limits of addresses: a loopback peer of the demonstration
}

// WithActor puts the person into the request's context. Only the session
// middleware calls it; methods get the Actor as an argument.
func WithActor(ctx context.Context, a access.Actor) context.Context {
	return context.WithValue(ctx, actorKey, a)
}

// ActorFrom gives the person asking; a stranger if nobody is signed in.
func ActorFrom(ctx context.Context) access.Actor {
	a, _ := ctx.Value(actorKey).(access.Actor)
	return a
}

// WithRequest puts what is known of the request into its context.
func WithRequest(ctx context.Context, r Request) context.Context {
	return context.WithValue(ctx, requestKey, r)
}

// RequestFrom gives what is known of the request.
func RequestFrom(ctx context.Context) Request {
	r, _ := ctx.Value(requestKey).(Request)
	return r
}

func requestID(ctx context.Context) string { return RequestFrom(ctx).ID }

// Visible is what a person may see of an error: a problem as it is, a lost
// database or a passed time limit as "try again", anything else as a bland
// internal one that keeps err for the log.
func Visible(err error) *problem.Error {
	var p *problem.Error
	switch {
	case errors.As(err, &p):
		return p
	case db.BadText(err):
		return problem.Invalid("body", "this text holds characters that cannot be stored").Because(err)
	case db.BadNumber(err):
		return problem.Invalid("request", "this request holds a number that is too large").Because(err)
	case db.Cancelled(err), db.Gone(err), db.Locked(err):
		return problem.Unavailable(2 * time.Second).Because(err)
	}
	return problem.Internal(err)
}
