package search

import (
	"context"

	"guildhall/server/db"
)

// RankAtMost lets a test reach what lies behind the ranked candidates.
func (e *Postgres) RankAtMost(n int) { e.ranked = n }

// ForgetWords is a Sweep over so many words.
func (s *Service) ForgetWords(ctx context.Context, most int) error { return s.forgetWords(ctx, most) }

// DB is where the service keeps what it knows.
func (s *Service) DB() *db.DB { return s.db }
