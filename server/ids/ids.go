// Package ids makes and carries the names of things: numbers that look like
// words to clients, and random secrets.
package ids

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
)

// ID names one row. It is a positive number of at most 18 digits, so that it
// fits a bigint, and a decimal string in JSON, where a browser would round
// large numbers. Clients treat it as opaque.
type ID int64

const pattern = `^[1-9][0-9]{0,17}$`

// String is the decimal form.
func (i ID) String() string { return strconv.FormatInt(int64(i), 10) }

// MarshalText gives the decimal form, also as a key of a JSON object.
func (i ID) MarshalText() ([]byte, error) { return strconv.AppendInt(nil, int64(i), 10), nil }

// UnmarshalText takes the decimal form and nothing else. 0, which names
// nothing, comes back as it went out: a job may hold an event without a space.
func (i *ID) UnmarshalText(b []byte) error {
	if string(b) == "0" {
		*i = 0
		return nil
	}
	id, err := Parse(string(b))
	*i = id
	return err
}

// Schema describes an ID in the OpenAPI document.
func (ID) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Pattern: pattern, Examples: []any{"42"}}
}

// Parse reads a decimal ID; anything but a positive number of at most 18
// digits is an error.
func Parse(s string) (ID, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || len(s) > 18 || s[0] == '+' || s[0] == '0' {
		return 0, fmt.Errorf("%.24q is not an id", s)
	}
	return ID(n), nil
}

// Param is an ID in a path or a query. Huma reads a number kind as a number
// and then finds that it is no string, hence a type of its own.
type Param struct{ ID ID }

// UnmarshalText takes the decimal form of an ID that names something.
func (p *Param) UnmarshalText(b []byte) (err error) {
	p.ID, err = Parse(string(b))
	return err
}

// Schema describes a Param as an ID.
func (Param) Schema(r huma.Registry) *huma.Schema { return ID(0).Schema(r) }

// Ints turns IDs into what pq.Array takes.
func Ints(list []ID) []int64 {
	out := make([]int64, len(list))
	for i, id := range list {
		out[i] = int64(id)
	}
	return out
}

// NewUUID makes a UUID of version 7 (RFC 9562), which sorts by time.
func NewUUID() string { return uuid.Must(uuid.NewV7()).String() }

// Token makes a secret of n random bytes from the system's source, in
// URL-safe base64 without padding. 32 bytes are 256 bits.
func Token(n int) string {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		panic(err) // the system has no randomness: nothing safe can go on
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// Code makes n characters that people copy by hand: no vowels, so that no
// word appears, and no character that is mistaken for another.
func Code(n int) string {
	const letters = "BCDFGHJKLMNPQRSTVWXZ23456789" // 28: eight of them are 38 bits
	out := make([]byte, n)
	for i := 0; i < n; {
		var b [1]byte
		if _, err := rand.Read(b[:]); err != nil {
			panic(err)
		}
		if b[0] < 252 { // 9 * 28: above it the remainder would favour some letters
			out[i] = letters[b[0]%28]
			i++
		}
	}
	return string(out)
}
