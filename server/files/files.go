// Package files keeps what people upload: it tells by the content what a file
// is, takes out of pictures what they say about where and by whom they were
// made, and stores the bytes in a bucket under keys that nobody can guess. It
// knows nothing of who may see a file: whoever hands one out asks first.
package files

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/azureblob" // azblob://container
	"gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/s3blob" // s3://bucket?region=...
	"gocloud.dev/gcerrors"
)

const (
	keptUnder  = "files/" // whole files and their thumbnails
	partsUnder = "parts/" // of uploads that are not whole yet
)

// Store is the bucket, and the few workers that look into what came. It is
// safe for many goroutines at once.
type Store struct {
	bucket *blob.Bucket
	dir    string // where the bucket is a folder: that folder
	temp   string
	turns  chan struct{}
	closed sync.Once
}

// workers is how many files one node looks into at a time: a large picture
// needs up to mostMemory.
const workers = 2

// Open opens the bucket at a URL (s3://, azblob://), or where there is none the
// folder, which it makes. An error is a sentence for the operator.
func Open(ctx context.Context, address, folder string) (*Store, error) {
	s := &Store{turns: make(chan struct{}, workers), temp: os.TempDir()}
	var err error
	if address == "" {
		s.dir = folder
		// Files are made beside their place, so that a full disk or another file
		// system never shows half of one.
		s.bucket, err = fileblob.OpenBucket(folder, &fileblob.Options{CreateDir: true, DirFileMode: 0o700, NoTempDir: true, Metadata: fileblob.MetadataDontWrite})
	} else {
		s.bucket, err = blob.OpenBucket(ctx, address)
	}
	if err != nil {
		return nil, fmt.Errorf("--files (GUILDHALL_FILES): %w", err)
	}
	there, err := s.bucket.IsAccessible(ctx)
	if err == nil && !there {
		err = errors.New("there is no such bucket, or it is not open to this server")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("--files (GUILDHALL_FILES): %w", err), s.bucket.Close())
	}
	return s, nil
}

// Close lets the bucket go. Closing it again does nothing.
func (s *Store) Close() error {
	var err error
	s.closed.Do(func() { err = s.bucket.Close() })
	return err
}

// put stores bytes under a key. When it returns they are on the disk, or where
// the provider promises to keep them.
func (s *Store) put(ctx context.Context, key string, from io.Reader) error {
	// An upload that fails must not leave half a file: the bucket takes it when
	// the context lives at Close.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := s.bucket.NewWriter(ctx, key, &blob.WriterOptions{ContentType: "application/octet-stream", DisableContentTypeDetection: true})
	if err != nil {
		return fmt.Errorf("store file: %w", err)
	}
	if _, err := io.Copy(w, from); err != nil {
		cancel()
		return errors.Join(fmt.Errorf("store file: %w", err), ignoreCancelled(w.Close()))
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("store file: %w", err)
	}
	return s.sync(key)
}

func ignoreCancelled(err error) error {
	if errors.Is(err, context.Canceled) || gcerrors.Code(err) == gcerrors.Canceled {
		return nil
	}
	return err
}

// sync waits for the disk: the bucket of a folder does not.
func (s *Store) sync(key string) error {
	if s.dir == "" {
		return nil
	}
	path := filepath.Join(s.dir, filepath.FromSlash(key)) // our keys hold nothing that the bucket escapes
	for _, name := range []string{path, filepath.Dir(path)} {
		f, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("store file: %w", err)
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return fmt.Errorf("store file: %w", err)
		}
	}
	return nil
}

// Read opens a stretch of a stored file; length -1 is all that follows. The
// caller closes it. ErrGone says that there is no such file.
func (s *Store) Read(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	r, err := s.bucket.NewRangeReader(ctx, key, offset, length, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, ErrGone
	}
	if err != nil {
		return nil, fmt.Errorf("read file: %w", err)
	}
	return r, nil
}

// Opener is Read of one file, for whoever sends it on.
func (s *Store) Opener(key string) func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	return func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
		return s.Read(ctx, key, offset, length)
	}
}

// ErrGone says that the bucket has no such file.
var ErrGone = errors.New("there is no such file")

// Remove deletes stored files. Those that are gone already do no harm.
func (s *Store) Remove(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if key == "" {
			continue
		}
		if err := s.bucket.Delete(ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
			return fmt.Errorf("remove file: %w", err)
		}
	}
	return nil
}

// Each names every whole file with its size, for a backup.
func (s *Store) Each(ctx context.Context, visit func(key string, size int64) error) error {
	return s.under(ctx, keptUnder, visit)
}

func (s *Store) under(ctx context.Context, prefix string, visit func(key string, size int64) error) error {
	list := s.bucket.List(&blob.ListOptions{Prefix: prefix})
	for {
		o, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list files: %w", err)
		}
		if err := visit(o.Key, o.Size); err != nil {
			return err
		}
	}
}

// Restore puts a file back under the key that a backup has for it.
func (s *Store) Restore(ctx context.Context, key string, from io.Reader) error {
	if !strings.HasPrefix(key, keptUnder) || strings.Contains(key, "..") {
		return fmt.Errorf("%q is not the key of a file", key)
	}
	return s.put(ctx, key, from)
}

// Add keeps bytes of an upload that begin at offset. The same part again
// replaces itself.
func (s *Store) Add(ctx context.Context, upload string, offset int64, part []byte) error {
	return s.put(ctx, partKey(upload, offset), bytes.NewReader(part))
}

func partKey(upload string, offset int64) string {
	return fmt.Sprintf("%s%s/%012d", partsUnder, upload, offset) // in the order of their places
}

// Drop forgets the parts of an upload.
func (s *Store) Drop(ctx context.Context, upload string) error {
	var keys []string
	if err := s.under(ctx, partsUnder+upload+"/", func(key string, _ int64) error { keys = append(keys, key); return nil }); err != nil {
		return err
	}
	return s.Remove(ctx, keys...)
}

// gather puts the parts of an upload together in a file of our own, which has
// no name and goes when it is closed.
func (s *Store) gather(ctx context.Context, upload string, size int64) (_ *os.File, err error) {
	whole, err := os.CreateTemp(s.temp, "guildhall-upload-*")
	if err != nil {
		return nil, fmt.Errorf("gather upload: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, whole.Close())
		}
	}()
	if err := os.Remove(whole.Name()); err != nil {
		return nil, fmt.Errorf("gather upload: %w", err)
	}
	at := int64(0)
	for at < size {
		part, err := s.Read(ctx, partKey(upload, at), 0, -1)
		if err != nil {
			return nil, fmt.Errorf("gather upload at %d: %w", at, err)
		}
		n, err := io.Copy(whole, part)
		if err = errors.Join(err, part.Close()); err != nil {
			return nil, fmt.Errorf("gather upload at %d: %w", at, err)
		}
		if n == 0 {
			break
		}
		at += n
	}
	if at != size {
		return nil, fmt.Errorf("the upload has %d bytes instead of %d", at, size)
	}
	return whole, nil
}

// newKey names a file by 130 random bits, spread over folders so that none
// grows large.
func newKey() string {
	name := strings.ToLower(rand.Text())
	return keptUnder + name[:2] + "/" + name[2:]
}
