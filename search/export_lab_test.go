package search

import "fmt"

type Tuning = tuning
var Defaults = defaults
func (e *Postgres) Tune(t tuning) { e.tuning = t }
func Grid(show func(string, tuning)) {
	for _, f := range [][classes]float64{{1,1,1,1},{2,1,1,1},{2,2,1,1},{3,1.5,1,1},{3,3,1.5,1},{4,2,1.5,1},{4,3,2,1},{5,3,2,1},{6,4,2,1}} { d := defaults; d.field = f; show(fmt.Sprint("field ", f), d) }
	for _, x := range []float64{0.8, 1.0,1.5, 2, 2.5} { d := defaults; d.k1 = x; show(fmt.Sprint("k1 ", x), d) }
	for _, x := range []float64{0, 0.2, 0.6, 0.8} { d := defaults; d.b = x; show(fmt.Sprint("b ", x), d) }
	for _, x := range []float64{0, 0.15, 0.5,0.8} { d := defaults; d.near = x; show(fmt.Sprint("near ", x), d) }
	for _, x := range []float64{0, 0.25, 0.75, 1, 1.5,2} { d := defaults; d.cover = x; show(fmt.Sprint("cover ", x), d) }
}
