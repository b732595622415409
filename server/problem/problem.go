// Package problem holds the errors that a person may see. A problem is the
// RFC 9457 document itself: what a method returns is what goes out.
package problem

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Error is one problem. Programs compare Type, people read Detail; neither
// ever holds what another person may not see.
type Error struct {
	Type      string  `json:"type" doc:"Names the kind of problem, for programs" example:"/problems/not-found"`
	Title     string  `json:"title" doc:"The kind of problem in plain words"`
	Status    int     `json:"status" doc:"The HTTP status"`
	Detail    string  `json:"detail,omitempty" doc:"What went wrong this time, in English"`
	Errors    []Field `json:"errors,omitempty" nullable:"false" doc:"Each part of the input that is wrong"`
	RequestID string  `json:"requestId,omitempty" doc:"Names the request in the server's log"`
	Current   any     `json:"current,omitempty" doc:"On a stale edit: the thing as it is now"`
	People    int     `json:"people,omitempty" doc:"On what is to be confirmed: how many people it concerns"`

	retryAfter time.Duration
	cause      error
}

// Field says what is wrong with one part of the input.
type Field struct {
	Location string `json:"location" doc:"Where, such as body.title or query.page"`
	Message  string `json:"message" doc:"What is wrong with it"`
}

// Error is the text for the log.
func (e *Error) Error() string {
	text := e.Detail
	for _, f := range e.Errors {
		text += "; " + f.Location + ": " + f.Message
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return strings.TrimPrefix(e.Type, "/problems/") + ": " + text
}

// Unwrap gives the cause, which is logged and never sent.
func (e *Error) Unwrap() error { return e.cause }

// GetStatus is the HTTP status.
func (e *Error) GetStatus() int { return e.Status }

// ContentType is the media type of RFC 9457, whatever was asked for.
func (e *Error) ContentType(string) string { return "application/problem+json" }

// GetHeaders gives Retry-After in whole seconds (RFC 9110, 10.2.3) where
// waiting helps.
func (e *Error) GetHeaders() http.Header {
	if e.retryAfter <= 0 {
		return nil
	}
	seconds := int((e.retryAfter + time.Second - 1) / time.Second)
	return http.Header{"Retry-After": {strconv.Itoa(seconds)}}
}

// Because keeps the cause for the log.
func (e *Error) Because(cause error) *Error {
	e.cause = cause
	return e
}

// New makes a problem of a kind of its own. The slug names it for programs
// and for the catalogues (problems.<slug>).
func New(status int, slug, title, detail string) *Error {
	return &Error{Type: "/problems/" + slug, Title: title, Status: status, Detail: detail}
}

// NotFound says that there is no such thing, with the same words whether it
// never was or is not the caller's to see.
func NotFound(thing string) *Error {
	return New(http.StatusNotFound, "not-found", "Not found", "There is no such "+thing+", or it is not yours to see.")
}

// Forbidden says that an insider's role does not reach this far.
func Forbidden() *Error {
	return New(http.StatusForbidden, "not-allowed", "Not allowed", "Your role here does not allow this.")
}

// SignIn says that one must sign in first.
func SignIn() *Error {
	return New(http.StatusUnauthorized, "sign-in", "Sign in first", "You are not signed in, or your session has ended.")
}

// Conflict says that the state of things does not allow this now.
func Conflict(slug, detail string) *Error {
	return New(http.StatusConflict, slug, "This cannot be done now", detail)
}

// Stale says that somebody changed the thing first; current is the thing as
// it is now, so that nothing typed need be lost.
func Stale(current any) *Error {
	e := Conflict("stale", "Somebody changed this while you were editing it.")
	e.Current = current
	return e
}

// Confirm says that this concerns so many people that it must be meant: asked
// for again, with the word that it is, it is done.
func Confirm(slug, detail string, people int) *Error {
	e := Conflict(slug, detail)
	e.People = people
	return e
}

// Invalid names one part of the input that is wrong.
func Invalid(location, message string) *Error {
	e := New(http.StatusUnprocessableEntity, "invalid", "Something in the request is not right", message)
	e.Errors = []Field{{Location: location, Message: message}}
	return e
}

// TooMany says that a limit is reached and when to try again.
func TooMany(wait time.Duration) *Error {
	e := New(http.StatusTooManyRequests, "too-many", "Too many requests", "That was too often. Please wait a little and try again.")
	e.retryAfter = max(wait, time.Second)
	return e
}

// Unavailable says that the server is too busy or starting, and when to try
// again.
func Unavailable(wait time.Duration) *Error {
	e := New(http.StatusServiceUnavailable, "unavailable", "Not available just now", "The server is busy. Please try again in a moment.")
	e.retryAfter = max(wait, time.Second)
	return e
}

// Internal is what a person sees of a fault of ours; the cause goes to the
// log alone.
func Internal(cause error) *Error {
	return New(http.StatusInternalServerError, "internal", "Something went wrong", "Something went wrong on our side.").Because(cause)
}

// From finds the problem in an error, or makes a bland internal one.
func From(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Internal(err)
}

// Is says whether err is a problem of this slug.
func Is(err error, slug string) bool {
	var e *Error
	return errors.As(err, &e) && e.Type == "/problems/"+slug
}
