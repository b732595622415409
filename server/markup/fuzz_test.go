package markup_test

import (
	"fmt"
	"regexp"
	"slices"
	"testing"

	"guildhall/server/ids"
	"guildhall/server/markup"
)

var (
	callsPerson = regexp.MustCompile(`<a href="/people/(\d+)"[^>]* class="mention"`)
	callsRoom   = regexp.MustCompile(`<strong class="mention">@room</strong>`)
)

// FuzzMentions: whom a message calls is who is shown as called, no more and no
// less.
func FuzzMentions(f *testing.F) {
	for _, md := range []string{"[@Ruth](/people/12)", "@room", "`@room` [@x](/people/1)", "[@room](/people/2)", "@@room", "[@a\nb](/people/3 \"t\")", "[@R][1]\n\n[1]: /people/12", "> [*@x*](/people/4)", "![@x](/people/5)"} {
		f.Add(md)
	}
	f.Fuzz(func(t *testing.T, md string) {
		if len(md) > 5000 {
			return
		}
		people, room := markup.Mentions(md)
		html, err := markup.Chat(md)
		if err != nil {
			return
		}
		var shown []ids.ID
		for _, m := range callsPerson.FindAllStringSubmatch(html, -1) {
			id, err := ids.Parse(m[1])
			if err != nil {
				t.Fatalf("%q shows a call of %s", md, m[1])
			}
			if !slices.Contains(shown, id) {
				shown = append(shown, id)
			}
		}
		if fmt.Sprint(people) != fmt.Sprint(shown) || room != callsRoom.MatchString(html) {
			t.Errorf("%q calls %v, room %t, and shows %s", md, people, room, html)
		}
	})
}
