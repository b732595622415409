package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"guildhall/server/problem"
)

// File is one that was looked into and stored.
type File struct {
	Name, Type    string
	Size          int64
	Width, Height int    // of a picture, upright; else 0
	Key           string // of its bytes
	Thumbnail     string // key of its thumbnail; "" for what is no picture
	ThumbnailType string
	ThumbnailSize int64
}

// Keys are those of everything that is stored of the file.
func (f *File) Keys() []string { return []string{f.Key, f.Thumbnail} }

// Finish puts an upload's parts together, looks into them, and stores what may
// be kept: a file of the list of kinds, a picture without what it tells of its
// making. What may not is a problem, and so is an upload of which parts are
// missing. The parts stay until Drop.
func (s *Store) Finish(ctx context.Context, upload string, size int64, name string) (*File, error) {
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	whole, err := s.gather(ctx, upload, size)
	if err != nil {
		return nil, err
	}
	defer whole.Close() // it has no name any more
	f, err := s.keep(ctx, whole, size, name)
	if err != nil {
		return nil, visible(err)
	}
	return f, nil
}

// visible says what is wrong with a file in words for whoever sent it.
func visible(err error) error {
	switch {
	case errors.Is(err, errKind):
		return problem.New(http.StatusUnsupportedMediaType, "file-kind", "This kind of file is not taken",
			"Send a JPEG, PNG, GIF or WebP picture, a PDF, a Word, Excel, PowerPoint or OpenDocument file without macros, or plain text.").Because(err)
	case errors.Is(err, errBroken):
		return problem.New(http.StatusUnprocessableEntity, "file-broken", "The file cannot be read", "The file is cut off or damaged.").Because(err)
	case errors.Is(err, errLarge):
		return problem.New(http.StatusUnprocessableEntity, "picture-too-large", "The picture is too large",
			"The picture has too many pixels. Make it smaller and send it again.").Because(err)
	}
	return err
}

func (s *Store) keep(ctx context.Context, whole *os.File, size int64, name string) (*File, error) {
	kind, err := kindOf(whole, size, name)
	if err != nil {
		return nil, err
	}
	f := &File{Size: size, Key: newKey()}
	var from io.Reader = io.NewSectionReader(whole, 0, size)
	if kind.clean != nil {
		b, err := io.ReadAll(from)
		if err != nil {
			return nil, err
		}
		p, err := clean(kind, b)
		if err != nil {
			return nil, err
		}
		if from, err = s.keepThumbnail(ctx, f, p); err != nil {
			return nil, err
		}
		kind = p.kind
	}
	f.Name, f.Type = cleanName(name, kind.Ending), kind.Type
	counted := &counter{from: from}
	if err := s.put(ctx, f.Key, counted); err != nil {
		return nil, errors.Join(err, s.Remove(context.WithoutCancel(ctx), f.Thumbnail))
	}
	f.Size = counted.n
	return f, nil
}

// keepThumbnail stores a picture's thumbnail and gives its bytes to store.
func (s *Store) keepThumbnail(ctx context.Context, f *File, p *picture) (io.Reader, error) {
	f.Width, f.Height, f.Thumbnail, f.ThumbnailType, f.ThumbnailSize = p.width, p.height, newKey(), "image/jpeg", int64(len(p.thumbnail))
	if p.transparent {
		f.ThumbnailType = "image/png"
	}
	if err := s.put(ctx, f.Thumbnail, bytes.NewReader(p.thumbnail)); err != nil {
		return nil, fmt.Errorf("store thumbnail: %w", err)
	}
	return p.whole, nil
}

// counter counts what is read through it.
type counter struct {
	from io.Reader
	n    int64
}

// Read reads on and counts.
func (c *counter) Read(b []byte) (int, error) {
	n, err := c.from.Read(b)
	c.n += int64(n)
	return n, err
}
