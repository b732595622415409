package db

import (
	"time"

	"github.com/jmoiron/sqlx"
)

// Connect lets a test choose its waits.
func Connect(dsn string, statement, quiet time.Duration) (*sqlx.DB, error) {
	return connect(dsn, limits{statement: statement, quiet: quiet})
}

// WithKeys lets a test see what is added to a DSN.
var WithKeys = withKeys
