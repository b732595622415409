package server

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"guildhall/server/accounts"
	"guildhall/server/api"
	"guildhall/server/ids"
	"guildhall/server/problem"
)

// requestLimit is how long a request may take: the browser that left is not
// noticed by fasthttp.
const requestLimit = 15 * time.Second

// begin names the request, times it, and turns a panic into a problem.
func (s *Server) begin(c *fiber.Ctx) (err error) {
	start := time.Now() //nolint:forbidigo // durations are the machine's, in tests too
	s.silent.spoke(c.Context().Conn())
	ctx, cancel := context.WithTimeout(context.Background(), requestLimit)
	defer cancel()
	r := api.Request{ID: ids.Token(9), Peer: s.peer(c), Device: cut(c.Get(fiber.HeaderUserAgent), 200)}
	r.Exempt = s.Config.Demo && isLoopback(r.Peer)
	c.SetUserContext(api.WithRequest(ctx, r))
	c.Set("X-Request-Id", r.ID)
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("panic", "request", r.ID, "panic", p, "stack", string(debug.Stack()))
			err = problem.Internal(nil)
		}
		if err != nil {
			err = s.fail(c, err)
		}
		s.account(c, r, time.Since(start))
	}()
	return c.Next()
}

func (s *Server) account(c *fiber.Ctx, r api.Request, took time.Duration) {
	status, route := c.Response().StatusCode(), c.Route().Path
	if status == http.StatusSwitchingProtocols {
		return
	}
	s.requests.WithLabelValues(c.Method(), route, strconv.Itoa(status)).Observe(took.Seconds())
	// The query is left out: it may hold what people search for.
	s.log.Debug("request", "request", r.ID, "method", c.Method(), "path", c.Path(), "status", status, "ms", float64(took.Microseconds())/1000)
}

// fail writes an error as a problem. It is also fiber's error handler.
func (s *Server) fail(c *fiber.Ctx, err error) error {
	var fe *fiber.Error
	var p *problem.Error
	switch {
	case errors.As(err, &fe):
		p = fiberProblem(fe)
	default:
		p = api.Visible(err)
	}
	shown := *p
	shown.RequestID = api.RequestFrom(c.UserContext()).ID
	if shown.Status >= 500 && p.Unwrap() != nil {
		s.log.Error("request failed", "request", shown.RequestID, "method", c.Method(), "path", c.Path(), "error", err)
	}
	for name, values := range shown.GetHeaders() {
		c.Set(name, values[0])
	}
	if err := c.Status(shown.Status).JSON(&shown); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, shown.ContentType(""))
	return nil
}

func fiberProblem(fe *fiber.Error) *problem.Error {
	switch fe.Code {
	case http.StatusNotFound:
		return problem.NotFound("page")
	case http.StatusMethodNotAllowed:
		return problem.New(fe.Code, "method", "This cannot be done here", "The address does not know this method.")
	case http.StatusRequestEntityTooLarge:
		return problem.New(fe.Code, "too-large", "The request is too large", "The request has more bytes than are allowed.")
	case http.StatusRequestHeaderFieldsTooLarge:
		return problem.New(fe.Code, "headers-too-large", "The request's headers are too large", "The headers have more bytes than are allowed.")
	}
	if fe.Code >= 500 {
		return problem.Internal(fe)
	}
	return problem.New(fe.Code, "bad-request", "The request is not right", "The request could not be understood.")
}

// peer is the address of the person: that of the connection, or behind trusted
// proxies the last address that is none of them.
func (s *Server) peer(c *fiber.Ctx) string {
	peer := c.Context().RemoteIP().String()
	if !s.trusted(peer) {
		return peer
	}
	// A proxy may add to the line that came, or a line of its own below it.
	lines := c.Request().Header.PeekAll(fiber.HeaderXForwardedFor)
	hops := strings.Split(string(bytes.Join(lines, []byte(","))), ",")
	for _, hop := range slices.Backward(hops) {
		address, ok := hopAddress(hop)
		if !ok {
			break
		}
		peer = address.String()
		if !s.trusted(peer) {
			break
		}
	}
	return peer
}

// hopAddress reads an entry of X-Forwarded-For. Some proxies write the port
// as well.
func hopAddress(hop string) (netip.Addr, bool) {
	hop = strings.TrimSpace(hop)
	if at, err := netip.ParseAddrPort(hop); err == nil {
		return at.Addr(), true
	}
	address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(hop, "["), "]"))
	return address, err == nil
}

func (s *Server) trusted(address string) bool {
	addr, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(s.Config.Proxies, func(p netip.Prefix) bool { return p.Contains(addr.Unmap()) })
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// forwarded says whether a proxy has passed the request on.
func forwarded(c *fiber.Ctx) bool {
	return slices.ContainsFunc([]string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"},
		func(name string) bool { return c.Get(name) != "" })
}

// asksLoopback says whether the request names this machine. One that a foreign
// page makes by pointing its own name at 127.0.0.1 does not.
func asksLoopback(c *fiber.Ctx) bool {
	host := string(c.Request().Host())
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return isLoopback(host)
}

// guardDemo keeps the demonstration on this machine: anybody may sign in to
// it as anybody.
func (s *Server) guardDemo(c *fiber.Ctx) error {
	refused := func(detail string) error {
		return problem.New(http.StatusForbidden, "demo-only-here", "The demonstration is for this machine only", detail)
	}
	switch {
	case !s.Config.Demo:
	case forwarded(c):
		return refused("It does not answer through a proxy.")
	case !asksLoopback(c):
		return refused("Open it by a loopback address, such as 127.0.0.1.")
	}
	return c.Next()
}

// knownMethods answers a method that fiber does not route as everything else
// is answered: with a name, the usual headers and a problem.
func (s *Server) knownMethods(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(raw *fasthttp.RequestCtx) {
		if slices.Contains(fiber.DefaultMethods, string(raw.Method())) {
			next(raw)
			return
		}
		s.silent.spoke(raw.Conn())
		c := s.app.AcquireCtx(raw)
		defer s.app.ReleaseCtx(c)
		r := api.Request{ID: ids.Token(9)}
		c.SetUserContext(api.WithRequest(context.Background(), r))
		c.Set("X-Request-Id", r.ID)
		s.setHeaders(c)
		if err := s.fail(c, fiber.ErrMethodNotAllowed); err != nil {
			s.log.Error("answer an unknown method", "request", r.ID, "error", err)
		}
	}
}

// headers are those that every answer carries.
func (s *Server) headers(c *fiber.Ctx) error {
	s.setHeaders(c)
	return c.Next()
}

func (s *Server) setHeaders(c *fiber.Ctx) {
	c.Set("X-Content-Type-Options", "nosniff")
	c.Set("Referrer-Policy", "same-origin")
	c.Set("X-Frame-Options", "DENY")
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
	c.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	if s.Config.Secure() {
		c.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
	if c.Path() == "/api" || strings.HasPrefix(c.Path(), "/api/") {
		c.Set(fiber.HeaderCacheControl, "no-store")
		c.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	}
}

// session finds out who is asking.
func (s *Server) session(c *fiber.Ctx) error {
	token := c.Cookies(accounts.CookieName(s.Config.Secure()))
	ctx := c.UserContext()
	r := api.RequestFrom(ctx)
	r.Cookie = token
	ctx = api.WithRequest(ctx, r)
	who, renewed, err := s.Accounts.LoadActor(ctx, token)
	if err != nil {
		return err
	}
	c.SetUserContext(api.WithActor(ctx, who))
	err = c.Next()
	// An endpoint that sets the cookie, such as signing out, knows better.
	if renewed && len(c.Response().Header.Peek(fiber.HeaderSetCookie)) == 0 {
		cookie := s.Accounts.Cookie(token)
		c.Append(fiber.HeaderSetCookie, cookie.String())
	}
	return err
}

// guardOrigin lets through what our own pages send and what names no page at
// all. It stands before the live connection, to which the rules between
// origins do not apply.
func (s *Server) guardOrigin(c *fiber.Ctx) error {
	if s.foreign(c) {
		return crossSite()
	}
	return c.Next()
}

// foreign says whether a page of somebody else's made the request.
func (s *Server) foreign(c *fiber.Ctx) bool {
	site, origin := c.Get("Sec-Fetch-Site"), c.Get(fiber.HeaderOrigin)
	return origin != "" && !s.ours(c, origin) || site != "" && site != "same-origin"
}

func crossSite() error {
	return problem.New(http.StatusForbidden, "cross-site", "This came from another site", "The request must come from Guildhall's own pages.")
}

// guardWrites lets through only what our own pages, or a program without a
// browser's cookies, send. A page of somebody else's cannot use a person's
// session to change anything.
func (s *Server) guardWrites(c *fiber.Ctx) error {
	if c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead || c.Method() == fiber.MethodOptions {
		return c.Next()
	}
	unknown := c.Get("Sec-Fetch-Site") == "" && c.Get(fiber.HeaderOrigin) == ""
	if s.foreign(c) || unknown && api.RequestFrom(c.UserContext()).Cookie != "" {
		return crossSite()
	}
	// Before anything reads the body, which would unpack it, however large it
	// then is.
	if coding := c.Get(fiber.HeaderContentEncoding); coding != "" && !strings.EqualFold(coding, "identity") {
		return problem.New(http.StatusUnsupportedMediaType, "media-type", "This media type is not understood", "Send the body as it is, without a Content-Encoding.")
	}
	if len(c.Body()) > 0 {
		kind, _, _ := strings.Cut(c.Get(fiber.HeaderContentType), ";")
		if kind = strings.TrimSpace(kind); kind != "application/json" && kind != "multipart/form-data" && kind != "application/octet-stream" {
			return problem.New(http.StatusUnsupportedMediaType, "media-type", "This media type is not understood", "Send application/json.")
		}
		if kind == "application/json" && bytes.HasPrefix(c.Body(), []byte("\xef\xbb\xbf")) {
			return problem.Invalid("body", "JSON has no byte order mark (RFC 8259, 8.1)")
		}
		if kind == "application/json" && !utf8.Valid(c.Body()) { // the decoder would put other characters in their place
			return problem.Invalid("body", "JSON is UTF-8 (RFC 8259, 8.1)")
		}
	}
	return c.Next()
}

// ours says whether an origin is that of this server: its public address, or
// the host that the request itself names.
func (s *Server) ours(c *fiber.Ctx, origin string) bool {
	if origin == s.Config.URL {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && !s.Config.Secure() && u.Scheme == "http" && u.Host == string(c.Request().Host())
}

func cut(s string, most int) string { return s[:min(len(s), most)] }
