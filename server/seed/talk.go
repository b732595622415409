package seed

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"guildhall/server/accounts"
	"guildhall/server/ids"
)

// talk makes people and what they say for the load set, out of the names and
// sentences of the demonstration, shuffled: so that lengths, words and markup
// are those of people who talk.
type talk struct {
	network   *network
	sentences []string
}

func newTalk(n *network) *talk {
	t := &talk{network: n}
	for _, r := range n.Rooms {
		for _, m := range r.Messages {
			if strings.Contains(m.Body, "\n") {
				continue // half a list is no sentence
			}
			for s := range strings.SplitAfterSeq(m.Body, ". ") {
				if s = strings.TrimSpace(s); len(s) > 8 {
					t.sentences = append(t.sentences, s)
				}
			}
		}
	}
	return t
}

// draws gives the same numbers each time for the same thing.
func draws(kind, n uint64) *rand.Rand { return rand.New(rand.NewPCG(kind, n)) } //nolint:gosec // not a secret

const (
	drawPerson uint64 = iota + 1
	drawGroup
	drawRoom
	drawTopic
)

// say joins a few sentences.
func (t *talk) say(draw *rand.Rand, most int) string {
	list := make([]string, 1+draw.IntN(most))
	for i := range list {
		list[i] = t.sentences[draw.IntN(len(t.sentences))]
	}
	return strings.Join(list, " ")
}

// person makes the person of this number, from 0. Names repeat after a few
// thousand, as they do in the country.
func (t *talk) person(n int, s Size) accounts.Row {
	draw, people := draws(drawPerson, uint64(n)), t.network.People
	first, _, _ := strings.Cut(people[n%len(people)].Name, " ")
	last := people[n/len(people)%len(people)].Name
	last = last[strings.LastIndexByte(last, ' ')+1:]
	like, from := people[draw.IntN(len(people))], fmt.Sprintf("%d-%02d-01", 2012+draw.IntN(12), 1+draw.IntN(12))
	return accounts.Row{
		Key: fmt.Sprintf("load:person:%d", n+1), Name: first + " " + last, Email: fmt.Sprintf("person.%d@load.example", n+1),
		About: t.say(draw, 3), AskMeAbout: like.AskMeAbout, ServiceAreas: people[draw.IntN(len(people))].ServiceAreas,
		Posts: []accounts.RowPost{{Job: like.Job, Organisation: fmt.Sprintf("LOAD-%04d", draw.IntN(s.Councils)+1), From: &from}},
	}
}

// speaker picks one of the members: few say most.
func speaker(draw *rand.Rand, members []ids.ID) ids.ID {
	return members[int(float64(len(members))*math.Pow(draw.Float64(), 2))]
}

// spread gives n moments in order, evenly from begun to now but for some
// chance, none of them twice.
func spread(draw *rand.Rand, begun, now time.Time, n int) func(i int) time.Time {
	step := now.Sub(begun) / time.Duration(n+1)
	return func(i int) time.Time {
		return begun.Add(step*time.Duration(i) + time.Duration(draw.Float64()*float64(step))).Truncate(time.Millisecond)
	}
}
