package markup_test

import (
	"slices"
	"strings"
	"testing"

	"guildhall/server/ids"
	"guildhall/server/markup"
)

func TestMentions(t *testing.T) {
	for _, c := range []struct {
		md     string
		people []ids.ID
		room   bool
	}{
		{"nobody", nil, false},
		{"[@Ruth Whitcombe](/people/12), please", []ids.ID{12}, false},
		{"**[@A](/people/1)** > [@B](/people/2) [@A again](/people/1)", []ids.ID{1, 2}, false},
		{"[@O\\*Neil \\[x\\]](/people/3)", []ids.ID{3}, false},
		{"- [@A](/people/1)\n> [@B](/people/2)", []ids.ID{1, 2}, false},
		{"[Ruth](/people/12) [@Ruth](/people/x) [@Ruth](/people/0) [@Ruth](/people/12/edit) [@Ruth](https://a.example/people/12)", nil, false},
		{"`[@A](/people/1)`\n```\n[@B](/people/2) @room\n```\n`@room`", nil, false},
		{"\\[@A](/people/1)", nil, false},
		{"@room, lunch is ready", nil, true},
		{"(@room) *@room*", nil, true},
		{"Tell @room.", nil, true},
		{"me@room.example @roommate @@room /@room @room_2 é@room @room-service", nil, false},
		{"[@room](/people/1)", nil, false},
	} {
		people, room := markup.Mentions(c.md)
		if !slices.Equal(people, c.people) || room != c.room {
			t.Errorf("%q calls %v and everybody: %v, want %v and %v", c.md, people, room, c.people, c.room)
		}
	}
}

func TestMentionsAreMarked(t *testing.T) {
	for md, want := range map[string]string{
		"[@Ruth](/people/12)":        `<p><a href="/people/12" class="mention" rel="nofollow noreferrer">@Ruth</a></p>`,
		"[Ruth](/people/12)":         `<p><a href="/people/12" rel="nofollow noreferrer">Ruth</a></p>`,
		"@room!":                     `<p><strong class="mention">@room</strong>!</p>`,
		"**@room**":                  `<p><strong><strong class="mention">@room</strong></strong></p>`,
		"[see @room](https://a.uk/)": `<p><a href="https://a.uk/" rel="nofollow noreferrer">see @room</a></p>`,
		"`@room`":                    `<p><code>@room</code></p>`,
	} {
		if got, err := markup.Chat(md); err != nil || got != want {
			t.Errorf("%q became %s (%v), want %s", md, got, err, want)
		}
	}
	// In posts these are words and links like any other.
	if got, _ := markup.HTML("@room [@Ruth](/people/12)"); strings.Contains(got, "mention") {
		t.Errorf("a post: %s", got)
	}
}

func BenchmarkManyMentions(b *testing.B) {
	for b.Loop() {
		for _, md := range []string{strings.Repeat("@", 8000), strings.Repeat("@room ", 1300), strings.Repeat("[@room", 1300), strings.Repeat("[@a](/people/1)", 530)} {
			markup.Mentions(md)
		}
	}
}
