package search

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
)

// Judged is a query with what a person judged about the answers: 3 is what is
// wanted, 2 useful, 1 related; what is not named was not judged and counts 0.
// Without any judgement the right answer is that there is nothing.
type Judged struct {
	ID         string         `json:"id"`
	Query      string         `json:"q"`
	Kinds      []string       `json:"kinds"`
	Judgements map[string]int `json:"judgements"`
}

// ReadJudged reads judged queries, one JSON object in each line.
func ReadJudged(r io.Reader) ([]Judged, error) {
	var out []Judged
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var j Judged
		if err := json.Unmarshal(lines.Bytes(), &j); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		out = append(out, j)
	}
	return out, lines.Err()
}

// NDCG is the normalised discounted cumulative gain of the first k answers
// (Järvelin and Kekäläinen, 2002) with the gain 2^grade - 1. The ideal is over
// everything that was judged, so that what was not found costs.
func NDCG(answers []string, judgements map[string]int, k int) float64 {
	grades := make([]int, 0, len(judgements))
	for _, g := range judgements {
		grades = append(grades, g)
	}
	slices.SortFunc(grades, func(a, b int) int { return b - a })
	ideal, got := 0.0, 0.0
	for i, g := range grades[:min(k, len(grades))] {
		ideal += gain(g, i)
	}
	seen := map[string]bool{}
	for i, a := range answers[:min(k, len(answers))] {
		if !seen[a] {
			got += gain(judgements[a], i)
		}
		seen[a] = true
	}
	if ideal == 0 {
		return 0
	}
	return got / ideal
}

func gain(grade, rank int) float64 {
	return (math.Exp2(float64(grade)) - 1) / math.Log2(float64(rank)+2)
}

// Reciprocal is 1 divided by the rank of the first answer with any grade, or
// 0 if there is none.
func Reciprocal(answers []string, judgements map[string]int) float64 {
	for i, a := range answers {
		if judgements[a] > 0 {
			return 1 / float64(i+1)
		}
	}
	return 0
}

// Scores are the measures of one engine over judged queries.
type Scores struct {
	Engine      string                `json:"engine"`
	NDCG        float64               `json:"ndcg10"`      // mean over the queries that have an answer
	Interval    [2]float64            `json:"interval95"`  // of NDCG, by bootstrap over the queries
	MRR         float64               `json:"mrr"`         // mean of Reciprocal
	ZeroResults int                   `json:"zeroResults"` // queries that have an answer and got none
	Queries     int                   `json:"queries"`     // that have an answer
	Unanswered  int                   `json:"unanswered"`  // queries that should find nothing
	Noise       float64               `json:"noise"`       // mean number of results of those
	ByKind      map[string]KindScore  `json:"byKind"`
	ByQuery     map[string]QueryScore `json:"byQuery"`
}

// KindScore is the mean NDCG of the queries of one kind.
type KindScore struct {
	NDCG    float64 `json:"ndcg10"`
	Queries int     `json:"queries"`
}

// QueryScore is what one query got.
type QueryScore struct {
	Query   string   `json:"q"`
	NDCG    float64  `json:"ndcg10"`
	Total   int      `json:"total"`
	Answers []string `json:"answers"`
}

// Evaluate asks every query and scores the answers. ask gives the keys of the
// first answers, in order, and how many there are in all.
func Evaluate(queries []Judged, ask func(q string) (answers []string, total int, err error)) (*Scores, error) {
	s := &Scores{ByKind: map[string]KindScore{}, ByQuery: map[string]QueryScore{}}
	var all []float64
	byKind := map[string][]float64{}
	for _, q := range queries {
		answers, total, err := ask(q.Query)
		if err != nil {
			return nil, fmt.Errorf("query %s: %w", q.ID, err)
		}
		n := NDCG(answers, q.Judgements, 10)
		s.ByQuery[q.ID] = QueryScore{Query: q.Query, NDCG: n, Total: total, Answers: answers[:min(10, len(answers))]}
		if len(q.Judgements) == 0 {
			s.Unanswered++
			s.Noise += float64(total)
			continue
		}
		if total == 0 {
			s.ZeroResults++
		}
		all = append(all, n)
		s.MRR += Reciprocal(answers, q.Judgements)
		for _, k := range q.Kinds {
			byKind[k] = append(byKind[k], n)
		}
	}
	s.Queries = len(all)
	if s.Queries > 0 {
		s.NDCG, s.MRR = mean(all), s.MRR/float64(s.Queries)
		s.Interval[0], s.Interval[1] = Bootstrap(all, 2000)
	}
	if s.Unanswered > 0 {
		s.Noise /= float64(s.Unanswered)
	}
	for k, list := range byKind {
		s.ByKind[k] = KindScore{NDCG: mean(list), Queries: len(list)}
	}
	return s, nil
}

func mean(list []float64) float64 {
	sum := 0.0
	for _, x := range list {
		sum += x
	}
	return sum / float64(len(list))
}

// Bootstrap gives the 95% interval of the mean by drawing from the values
// again and again. It draws the same each time, so that a run can be repeated.
func Bootstrap(values []float64, rounds int) (low, high float64) {
	if len(values) == 0 {
		return 0, 0
	}
	draw := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // nothing secret
	means := make([]float64, rounds)
	for i := range means {
		sum := 0.0
		for range values {
			sum += values[draw.IntN(len(values))]
		}
		means[i] = sum / float64(len(values))
	}
	slices.Sort(means)
	return means[rounds*25/1000], means[rounds*975/1000-1]
}
