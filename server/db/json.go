package db

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
)

// JSON carries a value in a jsonb column. It goes out as a string, because
// with binary parameters PostgreSQL would read bytes as its own binary form.
type JSON[T any] struct{ V T }

// Value encodes for the database.
func (j JSON[T]) Value() (driver.Value, error) {
	b, err := json.Marshal(j.V)
	return string(b), err
}

// Scan decodes from the database; NULL leaves the zero value.
func (j *JSON[T]) Scan(from any) error {
	switch b := from.(type) {
	case nil:
		return nil
	case []byte:
		return json.Unmarshal(b, &j.V)
	case string:
		return json.Unmarshal([]byte(b), &j.V)
	}
	return fmt.Errorf("cannot read %T as JSON", from)
}
