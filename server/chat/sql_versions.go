package chat

import (
	"context"

	"guildhall/server/db"
	"guildhall/server/ids"
)

// listVersions reads every wording of a message that is not deleted. A wording
// was written when the one before it was replaced. It asks no rights.
func listVersions(ctx context.Context, q db.Q, message ids.ID, after int32, limit int) ([]MessageVersion, error) {
	const query = `select w.version, w.body, coalesce((select p.replaced_at from message_versions p where p.message_id = $1 and p.version = w.version - 1), w.created_at) as edited_at
		from (select v.version, v.body, m.created_at from message_versions v join messages m on m.id = v.message_id where m.id = $1 and m.deleted_at is null
			union all select version, body, created_at from messages where id = $1 and deleted_at is null) w
		where w.version > $2 order by w.version limit $3`
	list := []MessageVersion{}
	err := q.SelectContext(ctx, &list, query, message, after, limit)
	return list, err
}
