package spaces

import (
	"context"
	"fmt"

	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/ids"
)

// Row is one space to load, with its members. A row of kind network adds to
// the space that is there already. Loading again changes nothing.
type Row struct {
	Key, Name, Description, Admission         string
	Kind                                      Kind
	Listed                                    bool
	ResidentialFrom, ResidentialTo, ReviewDay *string
	Members                                   map[ids.ID]access.Role
}

// Load makes the spaces that are not there yet, admits their members, and
// gives the ids of all, by key.
func (s *Service) Load(ctx context.Context, tx *db.Tx, rows []Row) (map[string]ids.ID, error) {
	out := map[string]ids.ID{}
	for _, r := range rows {
		id, err := loadSpace(ctx, tx, r)
		if err != nil {
			return nil, fmt.Errorf("load space %s: %w", r.Key, err)
		}
		out[r.Key] = id
		for account, role := range r.Members {
			if err := s.Admit(ctx, tx, id, account, role); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func loadSpace(ctx context.Context, tx *db.Tx, r Row) (ids.ID, error) {
	if r.Kind == Network {
		return getNetwork(ctx, tx)
	}
	if id, err := getSpaceBySource(ctx, tx, r.Key); err == nil || !db.NoRows(err) {
		return id, err
	}
	in := newSpace{
		Kind: r.Kind, Name: r.Name, Description: r.Description, Admission: r.Admission, Listed: r.Listed,
		ResidentialFrom: r.ResidentialFrom, ResidentialTo: r.ResidentialTo, ReviewDay: r.ReviewDay,
	}
	if in.Admission == "" {
		in.Admission = "invitation"
	}
	return insertSpace(ctx, tx, in, r.Key)
}
