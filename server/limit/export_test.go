package limit

// Len is how many keys are kept.
func (r *Rate) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.keys)
}

// Len is how many keys are kept.
func (g *Gauge) Len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.open)
}
