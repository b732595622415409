package search

import "math"

// The score is BM25F (Robertson and Zaragoza, 2009): the occurrences of a word
// in the fields are weighed and added before they saturate. A term that can be
// found in several ways counts as the best of them.
type tuning struct {
	field   [classes]float64 // weight of an occurrence in title, terms, summary, text
	k1, b   float64
	own     float64 // how far a way counts by its own rarity, and not by its term's
	near    float64 // share of two terms' weight added when they stand together
	cover   float64 // power of the share of the query that is found
	one     float64 // share of the query, by weight, that must be found at all
	several float64 // the same for two terms or more
}

var defaults = tuning{field: [classes]float64{3, 2, 1.5, 1}, k1: 1.2, b: 0.4, near: 0.3, cover: 0.5, own: 0.5, one: 0.4, several: 0.2}

// idf is the weight of a word that df of n documents have.
func idf(n, df int) float64 {
	return math.Log(1 + (float64(max(n-df, 0))+0.5)/(float64(df)+0.5))
}

// reader takes from a document's vector what its score needs. It is not safe
// for several goroutines.
type reader struct {
	plan   *plan
	tuning tuning
	wanted map[string]int // a word of a phrase: its number
	begins []string       // prefixes, with the numbers that follow
	places [][]place      // by number, of the document under the eye
}

// reading is what one document has of the query.
type reading struct {
	length int
	tf     []float64 // of each way, weighed by field
	near   float64
}

func newReader(p *plan, t tuning) *reader {
	r := &reader{plan: p, tuning: t, wanted: map[string]int{}}
	for _, t := range p.terms {
		for _, w := range t.ways {
			for i, l := range w.phrase {
				if w.prefix && i == len(w.phrase)-1 {
					r.begins = append(r.begins, l.word)
				} else if _, ok := r.wanted[l.word]; !ok {
					r.wanted[l.word] = len(r.wanted)
				}
			}
		}
	}
	r.places = make([][]place, len(r.wanted)+len(r.begins))
	return r
}

// read takes in one vector.
func (r *reader) read(vector []byte) reading {
	for i := range r.places {
		r.places[i] = r.places[i][:0]
	}
	var out reading
	walk(vector, func(word []byte, places []place) {
		out.length += len(places)
		if n, ok := r.wanted[string(word)]; ok {
			r.places[n] = append(r.places[n], places...)
		}
		for i, b := range r.begins {
			if len(word) >= len(b) && string(word[:len(b)]) == b {
				r.places[len(r.wanted)+i] = append(r.places[len(r.wanted)+i], places...)
			}
		}
	})
	var last []place // of the term before, as it was typed
	for i := range r.plan.terms {
		t := &r.plan.terms[i]
		var typed []place
		for _, w := range t.ways {
			places := r.occurrences(w)
			if w.kind == literal {
				typed = places
			}
			tf := 0.0
			for _, p := range places {
				tf += r.tuning.field[p.class]
			}
			out.tf = append(out.tf, tf)
		}
		if n := follow(last, typed); n > 0 {
			out.near += r.tuning.near * (r.plan.terms[i-1].weight() + t.weight()) * float64(n) / float64(n+1)
		}
		last = typed
	}
	return out
}

// weight is what a term adds to a score at most.
func (t *term) weight() float64 {
	if t.filler {
		return t.idf * fillerWeight
	}
	return t.idf
}

// score rates a document; average is the mean length of documents.
func (rd reading) score(p *plan, t tuning, average float64) float64 {
	norm := 1 - t.b + t.b*float64(rd.length)/math.Max(average, 1)
	sum, found, whole, n := rd.near, 0.0, 0.0, 0
	for i := range p.terms {
		best := 0.0
		for _, w := range p.terms[i].ways {
			tf := rd.tf[n] / norm
			best = math.Max(best, w.idf*w.weight*tf*(t.k1+1)/(t.k1+tf))
			n++
		}
		if p.terms[i].filler {
			sum += best * fillerWeight
		} else {
			sum += best
		}
		if !p.terms[i].filler {
			whole += p.terms[i].idf
			if best > 0 {
				found += p.terms[i].idf
			}
		}
	}
	if whole == 0 {
		return sum
	}
	return sum * math.Pow(found/whole, t.cover)
}

// occurrences are the places where a way's phrase begins.
func (r *reader) occurrences(w way) []place {
	lists := make([][]place, len(w.phrase))
	for i, l := range w.phrase {
		if w.prefix && i == len(w.phrase)-1 {
			for j, b := range r.begins {
				if b == l.word {
					lists[i] = r.places[len(r.wanted)+j]
					break
				}
			}
		} else {
			lists[i] = r.places[r.wanted[l.word]]
		}
	}
	if len(lists) == 1 {
		return lists[0]
	}
	if w.loose {
		return fewest(lists)
	}
	var out []place
	for _, p := range lists[0] {
		whole := true
		for i := 1; i < len(lists) && whole; i++ {
			whole = has(lists[i], p.at+w.phrase[i].offset)
		}
		if whole {
			out = append(out, p)
		}
	}
	return out
}

// fewest is the shortest list: all words are there as often as the rarest.
func fewest(lists [][]place) []place {
	least := lists[0]
	for _, l := range lists {
		if len(l) < len(least) {
			least = l
		}
	}
	return least
}

func has(places []place, at int) bool {
	for _, p := range places {
		if p.at == at {
			return true
		}
	}
	return false
}

// follow counts how often one of b stands one or two words after one of a, in
// the same field.
func follow(a, b []place) int {
	n := 0
	for _, p := range a {
		for _, q := range b {
			if d := q.at - p.at; (d == 1 || d == 2) && p.class == q.class {
				n++
				break
			}
		}
	}
	return n
}
