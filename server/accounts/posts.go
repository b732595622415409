package accounts

import (
	"context"
	"fmt"
	"strings"
	"time"

	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/problem"
	"guildhall/server/text"
)

// mostPosts is how many jobs are kept of one person.
const mostPosts = 50

// PostHeld is a job that a person has or had.
type PostHeld struct {
	Job            string  `json:"job" db:"job"`
	OrganisationID *ids.ID `json:"organisationId" nullable:"true" db:"organisation_id"`
	Organisation   string  `json:"organisation" db:"organisation"`
	From           *string `json:"from" db:"starts_on" format:"date"`
	To             *string `json:"to" db:"ends_on" format:"date"`
}

type newPost struct {
	OrganisationID *ids.ID `json:"organisationId" nullable:"true"`
	Job            string  `json:"job" minLength:"1" maxLength:"120"`
	New            bool    `json:"new,omitempty" doc:"A new job, which ends the last one, also in the same organisation; without it another title there corrects the one that is stored"`
}

// changePost makes it the person's present job. One that began today is
// corrected whatever changes: nobody begins two jobs in a day.
func (s *Service) changePost(ctx context.Context, tx *db.Tx, account ids.ID, to newPost) error {
	if to.Job = strings.TrimSpace(to.Job); !text.OneLine(to.Job) {
		return problem.Invalid("body.post.job", "enter your job")
	}
	today := s.now().In(s.config.Zone)
	day := today.Format(time.DateOnly)
	now, err := getPresentPost(ctx, tx, account, day)
	has := !db.NoRows(err)
	if has && err != nil {
		return fmt.Errorf("load post: %w", err)
	}
	same := has && (now.OrganisationID == to.OrganisationID || now.OrganisationID != nil && to.OrganisationID != nil && *now.OrganisationID == *to.OrganisationID)
	if same && now.Job == to.Job {
		return nil
	}
	if to.OrganisationID != nil && !same {
		if err := s.mayBelong(ctx, tx, *to.OrganisationID); err != nil {
			return err
		}
	}
	if same && !to.New || has && now.From != nil && *now.From == day {
		if err := updatePost(ctx, tx, now.ID, to); err != nil {
			return fmt.Errorf("correct post: %w", err)
		}
		return nil
	}
	if n, err := countPosts(ctx, tx, account); err != nil {
		return fmt.Errorf("count posts: %w", err)
	} else if n >= mostPosts {
		return problem.Invalid("body.post", fmt.Sprintf("%d jobs are kept of one person, and you have as many: correct the present one instead", mostPosts))
	}
	if err := endPosts(ctx, tx, account, today.AddDate(0, 0, -1).Format(time.DateOnly)); err != nil {
		return fmt.Errorf("end post: %w", err)
	}
	if err := insertPost(ctx, tx, account, to, day); err != nil {
		return fmt.Errorf("store post: %w", err)
	}
	return nil
}

// mayBelong checks an employer. Nobody begins to work for an abolished one,
// and nobody of the demonstration may pose as an officer of a real council.
func (s *Service) mayBelong(ctx context.Context, tx *db.Tx, organisation ids.ID) error {
	of, err := getEmployer(ctx, tx, organisation)
	switch {
	case db.NoRows(err):
		return problem.Invalid("body.post.organisationId", "there is no such organisation")
	case err != nil:
		return fmt.Errorf("check organisation: %w", err)
	case !of.Current:
		return problem.Invalid("body.post.organisationId", "this organisation no longer exists: choose the one that followed it")
	case s.config.Demo && !of.MadeUp:
		return problem.Invalid("body.post.organisationId", "in the demonstration people belong to made-up organisations only")
	}
	return nil
}
