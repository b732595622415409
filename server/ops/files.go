package ops

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"guildhall/server/files"
)

// piece is how much of a file stands in one row of a backup.
const piece = 192 << 10

// writeFiles comes after the database: a file too many does no harm.
func (b *backup) writeFiles(ctx context.Context) error {
	return b.files.Each(ctx, func(key string, _ int64) error {
		in, err := b.files.Read(ctx, key, 0, -1)
		if errors.Is(err, files.ErrGone) {
			return nil // removed since it was listed
		}
		if err != nil {
			return err
		}
		defer in.Close() // it was only read
		if err := b.writeFile(key, in); err != nil {
			return fmt.Errorf("file %s: %w", key, err)
		}
		b.end.Files++
		return nil
	})
}

func (b *backup) writeFile(key string, in io.Reader) error {
	if err := b.out.put(chapter{File: key}); err != nil {
		return err
	}
	buffer := make([]byte, piece)
	for {
		n, err := io.ReadFull(in, buffer)
		if n > 0 {
			if err := b.out.put([]string{base64.StdEncoding.EncodeToString(buffer[:n])}); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// copyFile puts a file back and gives the value after its pieces. It does so at
// once: if the restore fails later, a file too many does no harm.
func (r *restore) copyFile(ctx context.Context, key string) (next json.RawMessage, err error) {
	from, to := io.Pipe()
	read := make(chan error, 1)
	go func() {
		var err error
		next, err = r.readPieces(to)
		to.CloseWithError(err) // EOF for the reader if all went well
		read <- err
	}()
	stored := r.files.Restore(ctx, key, bufio.NewReaderSize(from, piece))
	_ = from.Close() // what is still written has nobody to read it
	if err := <-read; err != nil && stored == nil {
		return nil, err
	}
	r.end.Files++
	return next, stored
}

// readPieces writes the rows that follow, and gives the value after them.
func (r *restore) readPieces(to io.Writer) (json.RawMessage, error) {
	for {
		row, other, err := r.in.next()
		if err != nil || other != nil {
			return other, err
		}
		if len(row) != 1 || row[0] == nil {
			return nil, errors.New("a piece of a file is not what it should be")
		}
		b, err := base64.StdEncoding.DecodeString(*row[0])
		if err != nil {
			return nil, err
		}
		if _, err := to.Write(b); err != nil {
			return nil, err
		}
	}
}
