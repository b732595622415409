package chat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/files"
	"guildhall/server/ids"
	"guildhall/server/limit"
	"guildhall/server/problem"
	"guildhall/server/text"
)

const (
	unsentLife = 24 * time.Hour // of an upload that is in no message
	mostUnsent = 3              // messages' worth of uploads that one person may have waiting
)

// Attachment is a file that was sent with a message, or is ready to be.
type Attachment struct {
	ID     ids.ID `json:"id" db:"id"`
	Name   string `json:"name" db:"name"`
	Type   string `json:"type" db:"type" doc:"Media type, by the content"`
	Size   int64  `json:"size" db:"size" doc:"Bytes"`
	Width  int    `json:"width" db:"width" doc:"Of a picture, in pixels; else 0. What has a width has a thumbnail"`
	Height int    `json:"height" db:"height"`
	Alt    string `json:"alt" db:"alt" doc:"What a picture shows, in words; empty where nobody said"`
}

// Upload is a file on its way here. It goes on at Received, on any device of
// its owner's and after any drop.
type Upload struct {
	ID         ids.ID      `json:"id"`
	RoomID     ids.ID      `json:"roomId"`
	Size       int64       `json:"size" doc:"Bytes that there will be"`
	Received   int64       `json:"received" doc:"Bytes that are here: send what follows"`
	Attachment *Attachment `json:"attachment,omitempty" doc:"Set when the file is whole and may be sent with a message"`
}

// NewUpload is a file to send.
type NewUpload struct {
	Name string `json:"name" minLength:"1" maxLength:"250"`
	Size int64  `json:"size" minimum:"1" doc:"Bytes"`
}

// StartUpload makes a place for a file that is to be sent in a room. Whoever
// may not write there may not send files there.
func (s *Service) StartUpload(ctx context.Context, who access.Actor, room ids.ID, in NewUpload) (*Upload, error) {
	if _, err := s.seat(ctx, who, room, access.PostMessage); err != nil {
		return nil, err
	}
	if !text.Kept(in.Name) {
		return nil, problem.Invalid("body.name", "this text holds characters that cannot be stored")
	}
	if most := int64(s.config.LimitFileMB) * 1_000_000; in.Size > most {
		return nil, problem.New(http.StatusRequestEntityTooLarge, "file-too-large", "The file is too large",
			fmt.Sprintf("A file has at most %d MB.", s.config.LimitFileMB))
	}
	if !who.Load {
		if err := limit.Take(ctx, s.db, s.now(), "uploads of "+who.ID.String(), s.config.LimitUploads, time.Hour); err != nil {
			return nil, err
		}
	}
	f := fileRow{RoomID: room, AccountID: who.ID}
	f.Name, f.Size = in.Name, in.Size
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if err := mayPostIn(ctx, tx, room, who.ID, s.now()); err != nil {
			return err
		}
		if err := tx.Alone(ctx, "uploads of "+who.ID.String()); err != nil {
			return err
		}
		waiting, err := countUnsent(ctx, tx, who.ID)
		if err != nil {
			return fmt.Errorf("count uploads: %w", err)
		}
		if waiting >= mostUnsent*s.config.LimitFiles {
			return problem.Conflict("too-many-files", "Send or remove some of the files that you have uploaded first.")
		}
		f.ID, err = insertFile(ctx, tx, f, s.now())
		return err
	})
	if err != nil {
		return nil, err
	}
	return f.upload(), nil
}

// mayPostIn asks in a transaction whether somebody may write in a room now.
func mayPostIn(ctx context.Context, tx *db.Tx, room, author ids.ID, now time.Time) error {
	m := Message{RoomID: room, ClientID: ids.NewUUID()}
	m.Author.ID = author
	checks, err := checkPosts(ctx, tx, []*post{{message: m}}, now)
	if err != nil {
		return fmt.Errorf("check author: %w", err)
	}
	return checks[0].refusal("room")
}

// Upload gives a file that the person has not sent yet.
func (s *Service) Upload(ctx context.Context, who access.Actor, id ids.ID) (*Upload, error) {
	f, err := s.unsent(ctx, who, id)
	if err != nil {
		return nil, err
	}
	return f.upload(), nil
}

// unsent finds an upload of the person's own, in a room where they may write.
func (s *Service) unsent(ctx context.Context, who access.Actor, id ids.ID) (fileRow, error) {
	f, err := getFile(ctx, s.db, id)
	if db.NoRows(err) || err == nil && (f.AccountID != who.ID || f.MessageID != 0) {
		return fileRow{}, problem.NotFound("file")
	}
	if err != nil {
		return fileRow{}, fmt.Errorf("load file: %w", err)
	}
	if _, err := s.seat(ctx, who, f.RoomID, access.PostMessage); err != nil {
		return fileRow{}, hidden(err)
	}
	return f, nil
}

// hidden makes of a room or message that one may not see a file that one may
// not see.
func hidden(err error) error {
	var p *problem.Error
	if errors.As(err, &p) && p.Status == http.StatusNotFound {
		return problem.NotFound("file")
	}
	return err
}

// AddPart keeps bytes that begin where those before ended, and when all are
// there looks into the file. What begins elsewhere is ignored: the answer says
// where to go on, so a part whose answer was lost may come again. A file that
// may not be kept is a problem, and is forgotten.
func (s *Service) AddPart(ctx context.Context, who access.Actor, id ids.ID, offset int64, part []byte) (*Upload, error) {
	f, err := s.unsent(ctx, who, id)
	if err != nil || f.Ready {
		return f.upload(), err
	}
	if offset+int64(len(part)) > f.Size {
		return nil, problem.Invalid("body", "there are more bytes than were announced")
	}
	if offset == f.Received && len(part) > 0 {
		if err := s.files.Add(ctx, id.String(), offset, part); err != nil {
			return nil, err
		}
		err := s.db.Tx(ctx, func(tx *db.Tx) error { return updateReceived(ctx, tx, id, offset, offset+int64(len(part))) })
		if err != nil {
			return nil, fmt.Errorf("count part: %w", err)
		}
		f.Received = offset + int64(len(part))
	}
	if f.Received < f.Size {
		return f.upload(), nil
	}
	return s.finish(ctx, f)
}

// finish looks into a file that is whole.
func (s *Service) finish(ctx context.Context, f fileRow) (*Upload, error) {
	kept, err := s.files.Finish(ctx, f.ID.String(), f.Size, f.Name)
	if err != nil {
		return nil, s.refuse(ctx, f, err)
	}
	first := false
	err = s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		first, err = updateFinished(ctx, tx, f.ID, kept, s.now())
		return err
	})
	if err != nil || !first { // somebody else finished or removed it meanwhile
		err = errors.Join(err, s.files.Remove(context.WithoutCancel(ctx), kept.Keys()...))
	} else if dropped := s.files.Drop(ctx, f.ID.String()); dropped != nil {
		s.log.Warn("the parts of an upload are left over; they go with the file", "file", f.ID, "error", dropped)
	}
	if err != nil {
		return nil, fmt.Errorf("finish upload: %w", err)
	}
	f, err = getFile(ctx, s.db, f.ID)
	if db.NoRows(err) {
		return nil, problem.NotFound("file")
	}
	return f.upload(), err
}

// refuse forgets a file that can never be sent. What may get better, such as a
// bucket that does not answer, may be tried again.
func (s *Service) refuse(ctx context.Context, f fileRow, why error) error {
	var p *problem.Error
	if errors.Is(why, files.ErrGone) {
		why = problem.New(http.StatusUnprocessableEntity, "file-broken", "The file cannot be read", "A part of it was lost. Send it again.").Because(why)
	}
	if !errors.As(why, &p) {
		return fmt.Errorf("finish upload: %w", why)
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error { return s.drop(ctx, tx, f.ID) })
	return errors.Join(why, err)
}

// Describe says in words what a picture shows, for those who do not see it.
// That is done before it is sent.
func (s *Service) Describe(ctx context.Context, who access.Actor, id ids.ID, alt string) (*Upload, error) {
	f, err := s.unsent(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if alt = strings.TrimSpace(alt); !text.Kept(alt) {
		return nil, problem.Invalid("body.alt", "this text holds characters that cannot be stored")
	}
	f.Alt = alt
	if err := s.db.Tx(ctx, func(tx *db.Tx) error { return updateAlt(ctx, tx, id, alt) }); err != nil {
		return nil, fmt.Errorf("describe file: %w", err)
	}
	return f.upload(), nil
}

// RemoveUpload takes back a file that was not sent.
func (s *Service) RemoveUpload(ctx context.Context, who access.Actor, id ids.ID) error {
	if _, err := s.unsent(ctx, who, id); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error { return s.drop(ctx, tx, id) })
}

// drop takes files that are in no message away, and their bytes soon after.
func (s *Service) drop(ctx context.Context, tx *db.Tx, list ...ids.ID) error {
	gone, err := removeUnsent(ctx, tx, list, s.now())
	if err != nil {
		return fmt.Errorf("remove file: %w", err)
	}
	if len(gone) > 0 {
		events.Emit(ctx, tx, events.FilesRemoved{FileIDs: gone})
	}
	return nil
}

// dropOf takes the files of messages away, and their bytes soon after. Whoever
// deletes messages calls it in the same transaction.
func dropOf(ctx context.Context, tx *db.Tx, now time.Time, messages ...ids.ID) error {
	gone, err := removeSent(ctx, tx, messages, now)
	if err != nil {
		return fmt.Errorf("remove files: %w", err)
	}
	if len(gone) > 0 {
		events.Emit(ctx, tx, events.FilesRemoved{FileIDs: gone})
	}
	return nil
}

// removeBytes is the job that follows a removal. It may run twice.
func (s *Service) removeBytes(ctx context.Context, e events.FilesRemoved) error {
	list, err := listRemoved(ctx, s.db, e.FileIDs)
	if err != nil {
		return fmt.Errorf("load removed files: %w", err)
	}
	for _, f := range list {
		if err := errors.Join(s.files.Remove(ctx, f.FileKey, f.ThumbnailKey), s.files.Drop(ctx, f.ID.String())); err != nil {
			return err
		}
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error { return deleteRemoved(ctx, tx, e.FileIDs) })
}

// Sweep removes uploads that nobody sent within a day, and gives up messages
// that should have been sent a day ago. It runs once an hour on each node.
func (s *Service) Sweep(ctx context.Context) error {
	return errors.Join(s.sweepUploads(ctx), s.sweepScheduled(ctx))
}

func (s *Service) sweepUploads(ctx context.Context) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		old, err := listForgotten(ctx, tx, s.now().Add(-unsentLife))
		if err != nil || len(old) == 0 {
			return err
		}
		return s.drop(ctx, tx, old...)
	})
}

// File gives the bytes of a file, or of its thumbnail, to whoever may see its
// message, and before it is sent to its owner.
func (s *Service) File(ctx context.Context, who access.Actor, id ids.ID, thumbnail bool) (*api.Content, error) {
	f, err := getFile(ctx, s.db, id)
	if db.NoRows(err) || err == nil && (!f.Ready || thumbnail && f.ThumbnailKey == "") {
		return nil, problem.NotFound("file")
	}
	if err != nil {
		return nil, fmt.Errorf("load file: %w", err)
	}
	if f.MessageID == 0 {
		_, err = s.unsent(ctx, who, id)
	} else {
		_, err = s.find(ctx, who, f.MessageID)
	}
	if err != nil {
		return nil, hidden(err)
	}
	return s.content(f, thumbnail), nil
}

func (s *Service) content(f fileRow, thumbnail bool) *api.Content {
	key, tag := f.FileKey, f.ID.String()
	out := &api.Content{Type: f.Type, Name: f.Name, Size: f.Size, Inline: f.Width > 0}
	if thumbnail {
		key, tag, out.Type, out.Size = f.ThumbnailKey, tag+"-thumbnail", f.ThumbnailType, f.ThumbnailSize
	}
	out.Tag = tag
	out.Open = s.files.Opener(key)
	return out
}

// attach finds the files of a batch's posts, so that they may go with them, and
// holds them until the transaction ends. A file goes once, with a message of
// its owner's, in the room for which it came.
func attach(ctx context.Context, tx *db.Tx, batch []*post) (taken func(*post) bool, err error) {
	var wanted []ids.ID
	for _, p := range batch {
		wanted = append(wanted, p.files...)
	}
	free := map[ids.ID]fileRow{}
	if len(wanted) > 0 {
		list, err := lockUnsent(ctx, tx, wanted)
		if err != nil {
			return nil, fmt.Errorf("lock files: %w", err)
		}
		for _, f := range list {
			free[f.ID] = f
		}
	}
	return func(p *post) bool {
		p.message.Attachments = nil
		for _, id := range p.files {
			f, ok := free[id]
			if !ok || f.AccountID != p.message.Author.ID || f.RoomID != p.message.RoomID {
				return false
			}
			p.message.Attachments = append(p.message.Attachments, f.Attachment)
		}
		for _, id := range p.files {
			delete(free, id)
		}
		return true
	}, nil
}

// sameFiles says whether a message has these files. A deleted one has none any
// more, whatever it came with.
func sameFiles(m *Message, list []ids.ID) bool {
	return m.DeletedAt != nil || slices.EqualFunc(m.Attachments, list, func(a Attachment, id ids.ID) bool { return a.ID == id })
}

var errFilesGone = problem.Conflict("files-gone", "A file of this message was removed or sent already. Add it again.")

// checkFiles checks what needs no database.
func (s *Service) checkFiles(list []ids.ID) error {
	if len(list) > s.config.LimitFiles {
		return problem.Invalid("body.attachments", fmt.Sprintf("a message has at most %d files", s.config.LimitFiles))
	}
	for i, id := range list {
		if slices.Contains(list[:i], id) {
			return problem.Invalid("body.attachments", "a file goes once with a message")
		}
	}
	return nil
}
