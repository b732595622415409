package server

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"guildhall/server/api"
	"guildhall/server/events"
	"guildhall/server/ops"
	"guildhall/server/problem"
)

// routes mounts everything, in the order in which a request meets it.
func (s *Server) routes(version string) error {
	s.app.Use(s.begin, s.headers)
	health := ops.Health{DB: s.DB, Draining: s.draining.Load}
	s.app.Get("/healthz", func(c *fiber.Ctx) error { return c.SendString("ok\n") })
	s.app.Get("/readyz", func(c *fiber.Ctx) error {
		if err := health.Ready(c.UserContext()); err != nil {
			return problem.Unavailable(time.Second).Because(err)
		}
		return c.SendString("ready\n")
	})
	s.app.Get("/metrics", s.guardMetrics, adaptor.HTTPHandler(promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{})))
	s.app.Use(s.guardDemo)
	s.app.Use("/api", s.session, s.guardWrites)
	s.Hub.Mount(s.app, s.guardOrigin)

	s.Router = api.New(s.app, "Guildhall", "1.0.0", s.log)
	features := []interface{ Routes(*api.Router) }{
		ops.Site{Config: s.Config, Version: version}, s.Hub, s.Accounts, s.Orgs, s.Spaces, s.Chat, s.Forum, s.Library, s.Search,
	}
	for _, f := range features {
		f.Routes(s.Router)
	}
	if err := s.describe(); err != nil {
		return err
	}
	s.app.Use("/api", func(*fiber.Ctx) error { return problem.NotFound("page") })
	return s.mountApp()
}

// guardMetrics lets a monitor with the token in, or when there is no token one
// on this machine, and nobody whom a proxy on it brings.
func (s *Server) guardMetrics(c *fiber.Ctx) error {
	if token := s.Config.MetricsToken; token != "" {
		given := strings.TrimPrefix(c.Get(fiber.HeaderAuthorization), "Bearer ")
		if subtle.ConstantTimeCompare([]byte(given), []byte(token)) == 1 {
			return c.Next()
		}
		return problem.SignIn()
	}
	if !forwarded(c) && asksLoopback(c) && isLoopback(c.Context().RemoteIP().String()) {
		return c.Next()
	}
	return problem.NotFound("page")
}

// OpenAPI is the description of the API as the committed file holds it.
func (s *Server) OpenAPI() ([]byte, error) {
	raw, err := s.Router.OpenAPI().MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("describe the API: %w", err)
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return nil, fmt.Errorf("describe the API: %w", err)
	}
	out, err := json.MarshalIndent(tree, "", "  ")
	return append(out, '\n'), err
}

// describe mounts the description and its readable page.
func (s *Server) describe() error {
	addFrames(s.Router)
	spec, err := s.OpenAPI()
	if err != nil {
		return err
	}
	page, policy, err := docsPage(s.Router.OpenAPI())
	if err != nil {
		return err
	}
	s.app.Get("/api/openapi.json", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		return c.Send(spec)
	})
	s.app.Get("/api/docs", func(c *fiber.Ctx) error {
		c.Set("Content-Security-Policy", policy)
		c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
		return c.Send(page)
	})
	return nil
}

// backlog shows the job table to monitors.
type backlog struct {
	bus                   *events.Bus
	waiting, dead, oldest *prometheus.Desc
}

func newBacklog(bus *events.Bus) *backlog {
	return &backlog{
		bus:     bus,
		waiting: prometheus.NewDesc("guildhall_jobs_waiting", "Jobs not done yet.", nil, nil),
		dead:    prometheus.NewDesc("guildhall_jobs_dead", "Jobs that failed for the last time and wait for somebody to look.", nil, nil),
		oldest:  prometheus.NewDesc("guildhall_jobs_oldest_seconds", "How long the oldest due job has waited.", nil, nil),
	}
}

// Describe lists the metrics.
func (b *backlog) Describe(out chan<- *prometheus.Desc) {
	out <- b.waiting
	out <- b.dead
	out <- b.oldest
}

// Collect reads the job table.
func (b *backlog) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	now, err := b.bus.Backlog(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(b.waiting, err)
		return
	}
	out <- prometheus.MustNewConstMetric(b.waiting, prometheus.GaugeValue, float64(now.Waiting))
	out <- prometheus.MustNewConstMetric(b.dead, prometheus.GaugeValue, float64(now.Dead))
	out <- prometheus.MustNewConstMetric(b.oldest, prometheus.GaugeValue, now.Oldest)
}
