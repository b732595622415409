package ops

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"time"
)

// A backup is one file: a line that says so, JSON values one after another in
// gzip, and a line with the SHA-256 of all before it. The values are a
// preface; for each table a chapter and then its rows, each an array of the
// columns as PostgreSQL writes them as text; for each file a chapter and then
// its pieces in base64, in rows of one; and an ending that counts them.
// Text is the one form that every version reads the same.
const (
	archiveFormat = 1
	archiveTitle  = "guildhall backup 1\n"
	sealPrefix    = "\nsha256 "
	sealLength    = len(sealPrefix) + 2*sha256.Size + 1
)

// preface is the first value.
type preface struct {
	Format    int       `json:"format"`
	TakenAt   time.Time `json:"takenAt"`
	Program   string    `json:"program"`
	Postgres  string    `json:"postgres"`
	Migration int64     `json:"migration"`
}

// chapter comes before the rows of a table or the pieces of a file.
type chapter struct {
	Table   string   `json:"table,omitempty"`
	Columns []string `json:"columns,omitempty"`
	File    string   `json:"file,omitempty"` // its key, instead of a table
}

// ending is the last value.
type ending struct {
	Rows      map[string]int64 `json:"rows"`
	Sequences map[string]int64 `json:"sequences"`
	Files     int64            `json:"files"`
}

// archiveWriter writes beside the file's place and puts it there only when it
// is complete.
type archiveWriter struct {
	path string
	file *os.File
	out  *bufio.Writer
	sum  hash.Hash
	gzip *gzip.Writer
}

func createArchive(path string) (*archiveWriter, error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // for us alone: 0600
	if err != nil {
		return nil, err
	}
	w := &archiveWriter{path: path, file: file, out: bufio.NewWriterSize(file, 1<<18), sum: sha256.New()}
	both := io.MultiWriter(w.out, w.sum)
	if _, err := io.WriteString(both, archiveTitle); err != nil {
		return nil, errors.Join(err, w.discard())
	}
	if w.gzip, err = gzip.NewWriterLevel(both, gzip.BestSpeed); err != nil {
		return nil, errors.Join(err, w.discard())
	}
	return w, nil
}

// put writes a value of ours.
func (w *archiveWriter) put(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.row(b)
}

// row writes a value that is JSON already.
func (w *archiveWriter) row(b []byte) error {
	if _, err := w.gzip.Write(b); err != nil {
		return err
	}
	_, err := w.gzip.Write([]byte{'\n'})
	return err
}

// finish seals the file, waits until it is on the disk, and gives it its name.
func (w *archiveWriter) finish() error {
	err := w.gzip.Close()
	if err == nil {
		_, err = fmt.Fprintf(w.out, "%s%x\n", sealPrefix, w.sum.Sum(nil))
	}
	if err == nil {
		err = w.out.Flush()
	}
	if err == nil {
		err = w.file.Sync()
	}
	if err != nil {
		return errors.Join(err, w.discard())
	}
	if err := w.file.Close(); err != nil {
		return errors.Join(err, os.Remove(w.file.Name()))
	}
	if err := os.Rename(w.file.Name(), w.path); err != nil {
		return errors.Join(err, os.Remove(w.file.Name()))
	}
	dir, err := os.Open(filepath.Dir(w.path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

func (w *archiveWriter) discard() error {
	return errors.Join(w.file.Close(), os.Remove(w.file.Name()))
}

// archiveReader reads a file that was found complete and unaltered.
type archiveReader struct {
	preface preface
	file    *os.File
	values  *json.Decoder
}

// openArchive reads the whole file once, to see that it is what was written.
func openArchive(path string) (*archiveReader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r := &archiveReader{file: file}
	if err := r.open(); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

func (r *archiveReader) open() error {
	info, err := r.file.Stat()
	if err != nil {
		return err
	}
	title := make([]byte, len(archiveTitle))
	if _, err := io.ReadFull(r.file, title); err != nil || string(title) != archiveTitle {
		return errors.New("this is no backup of Guildhall, or one of a format that this version does not know")
	}
	end := info.Size() - int64(sealLength)
	if end < int64(len(archiveTitle)) {
		return errCutOff
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(r.file, 0, end)); err != nil {
		return err
	}
	seal := make([]byte, sealLength)
	if _, err := r.file.ReadAt(seal, end); err != nil {
		return err
	}
	if string(seal) != sealPrefix+hex.EncodeToString(sum.Sum(nil))+"\n" {
		return errCutOff
	}
	content, err := gzip.NewReader(bufio.NewReaderSize(io.NewSectionReader(r.file, int64(len(title)), end-int64(len(title))), 1<<18))
	if err != nil {
		return err
	}
	r.values = json.NewDecoder(content)
	if err := r.values.Decode(&r.preface); err != nil {
		return err
	}
	if r.preface.Format != archiveFormat {
		return fmt.Errorf("the backup has the format %d and this version knows only %d: restore it with the version that wrote it (%s)",
			r.preface.Format, archiveFormat, r.preface.Program)
	}
	return nil
}

var errCutOff = errors.New("the file is cut off or was altered, and nothing of it was restored: take another backup")

// next gives the next value: the columns of a row, or something else.
func (r *archiveReader) next() (row []*string, other json.RawMessage, err error) {
	var raw json.RawMessage
	if err := r.values.Decode(&raw); err != nil {
		return nil, nil, fmt.Errorf("read the backup: %w", err)
	}
	if raw[0] != '[' {
		return nil, raw, nil
	}
	return row, nil, json.Unmarshal(raw, &row)
}
