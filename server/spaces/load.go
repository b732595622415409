package spaces

import (
	"context"
	"fmt"
	"time"

	"guildhall/server/access"
	"guildhall/server/accounts"
	"guildhall/server/db"
	"guildhall/server/ids"
)

// batch is how many rows are written by one statement.
const batch = 1000

// Row is one space to load, with its members. A row of kind network adds to
// the space that is there already.
type Row struct {
	Key             string  `json:"key"`
	Kind            Kind    `json:"kind"`
	Name            string  `json:"name"`
	Description     string  `json:"description"`
	Admission       string  `json:"admission"` // by invitation without one
	Listed          bool    `json:"listed"`
	ResidentialFrom *string `json:"residential_from"`
	ResidentialTo   *string `json:"residential_to"`
	ReviewDay       *string `json:"review_day"`

	Members map[ids.ID]access.Role `json:"-"`
	Joined  time.Time              `json:"-"` // all of the members
}

type memberRow struct {
	SpaceID   ids.ID      `json:"space_id"`
	AccountID ids.ID      `json:"account_id"`
	Role      access.Role `json:"role"`
	JoinedAt  time.Time   `json:"joined_at"`
}

// Load makes the spaces that are not there yet, brings in members who were
// never there before, and gives the ids of all, by key. Loading again changes
// nothing: who left stays away, and who has another role keeps it. Everybody
// who is in a space should be in the network's row as well. Nobody is told.
func Load(ctx context.Context, tx *db.Tx, rows []Row) (map[string]ids.ID, error) {
	network, err := NetworkID(ctx, tx)
	if err != nil {
		return nil, err
	}
	places, keys := []Row{}, []string{}
	for _, r := range rows {
		if r.Kind == Network {
			if err := describeNetwork(ctx, tx, r.Description); err != nil {
				return nil, fmt.Errorf("describe the network: %w", err)
			}
			continue
		}
		if r.Admission == "" {
			r.Admission = "invitation"
		}
		places, keys = append(places, r), append(keys, r.Key)
	}
	if err := insertRows(ctx, tx, places); err != nil {
		return nil, fmt.Errorf("load spaces: %w", err)
	}
	out, err := spacesBySource(ctx, tx, keys)
	if err != nil {
		return nil, fmt.Errorf("find loaded spaces: %w", err)
	}
	var members []memberRow
	for _, r := range rows {
		if r.Kind == Network {
			out[r.Key] = network
		}
		for account, role := range r.Members {
			members = append(members, memberRow{out[r.Key], account, role, r.Joined})
		}
	}
	for start := 0; start < len(members); start += batch {
		met, err := insertMembers(ctx, tx, members[start:min(start+batch, len(members))], network)
		if err != nil {
			return nil, fmt.Errorf("load members: %w", err)
		}
		if err := accounts.Put(ctx, tx, met...); err != nil {
			return nil, err
		}
	}
	return out, nil
}
