package forum

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"guildhall/server/markup"
	"guildhall/server/problem"
	"guildhall/server/text"
)

const (
	mostTitle   = 150    // characters of a title
	mostExcerpt = 200    // characters of the opening post that lists show
	mostBody    = 20_000 // characters of one post
)

func checkClientID(id string) (string, error) {
	if _, err := uuid.Parse(id); err != nil || len(id) != 36 {
		return "", problem.Invalid("body.clientId", "this must be a UUID of 36 characters")
	}
	return strings.ToLower(id), nil
}

// checkTitle puts a title on one line and refuses what cannot be read.
func checkTitle(title string) (string, error) {
	if !text.Kept(title) || strings.ContainsFunc(title, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) }) {
		return "", problem.Invalid("body.title", "this text holds characters that cannot be stored")
	}
	title = strings.Join(strings.Fields(title), " ")
	switch {
	case !text.Seen(title):
		return "", problem.Invalid("body.title", "give the topic a title")
	case utf8.RuneCountInString(title) > mostTitle:
		return "", problem.Invalid("body.title", fmt.Sprintf("a title has at most %d characters", mostTitle))
	}
	return title, nil
}

// checkBody renders what somebody wrote and refuses what cannot be stored and
// what would show nothing.
func checkBody(body string) (html string, err error) {
	switch {
	case !text.Kept(body):
		return "", problem.Invalid("body.body", "this text holds characters that cannot be stored")
	case utf8.RuneCountInString(body) > mostBody:
		return "", problem.Invalid("body.body", fmt.Sprintf("a post has at most %d characters", mostBody))
	case !text.Seen(body):
		return "", problem.Invalid("body.body", "write something first")
	}
	if html, err = markup.HTML(body); err != nil {
		return "", err
	}
	if html == "" {
		return "", problem.Invalid("body.body", "nothing of this text would be shown")
	}
	return html, nil
}
