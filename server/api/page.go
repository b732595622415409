package api

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"guildhall/server/problem"
)

// Page is one page of a list. Next is empty on the last one.
type Page[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"Send it as cursor to get the next page"`
}

// Paging is the part of a list's input that all lists share. Inputs embed it.
type Paging struct {
	Cursor string `query:"cursor" maxLength:"500"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// OnlyOne checks an input that can say in several ways where a stretch is to
// be: before, after or around something.
func OnlyOne(given ...bool) error {
	said := 0
	for _, one := range given {
		if one {
			said++
		}
	}
	if said > 1 {
		return problem.Invalid("query", "say only once where to read: before, after or around something")
	}
	return nil
}

// Cursor is an opaque place in a list: the values of its sort key.
func Cursor(key ...any) string {
	b, err := json.Marshal(key)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// ReadCursor reads a cursor into pointers of the same number and kinds. An
// empty cursor is the start and leaves them as they are.
func ReadCursor(cursor string, key ...any) error {
	if cursor == "" {
		return nil
	}
	wrong := problem.Invalid("query.cursor", "this cursor was not made here")
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return wrong
	}
	var parts []json.RawMessage
	if err := json.Unmarshal(b, &parts); err != nil || len(parts) != len(key) {
		return wrong
	}
	for i := range parts {
		if err := json.Unmarshal(parts[i], key[i]); err != nil {
			return wrong
		}
		if at, ok := key[i].(*time.Time); ok {
			if *at = at.UTC(); at.Year() < 1 || at.Year() > 9999 {
				return wrong
			}
		}
	}
	return nil
}

// Map makes a page of other items from a page of rows, in the same order.
func Map[A, B any](from *Page[A], f func(A) B) *Page[B] {
	page := &Page[B]{Items: make([]B, len(from.Items)), Next: from.Next}
	for i, item := range from.Items {
		page.Items[i] = f(item)
	}
	return page
}

// Cut makes a page of rows that were read one more than limit: the extra row
// only says that there is a next page, whose cursor is made from the last
// item kept.
func Cut[T any](rows []T, limit int, cursor func(T) string) *Page[T] {
	page := &Page[T]{Items: rows}
	if page.Items == nil {
		page.Items = []T{}
	}
	if len(rows) > limit {
		page.Items = rows[:limit]
		page.Next = cursor(rows[limit-1])
	}
	return page
}
