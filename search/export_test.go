package search

// RankAtMost lets a test reach what lies behind the ranked candidates.
func (e *Postgres) RankAtMost(n int) { e.ranked = n }
