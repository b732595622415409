package files

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net/http"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind is what a file may be.
type Kind struct {
	Type   string // media type
	Ending string // with its dot
	clean  func([]byte) (*stripped, error)
}

// kinds is the whole list: pictures that every browser shows, documents that
// councils exchange. Archives are not on it, since nobody sees what is inside,
// nor is anything that a browser would run.
var kinds = map[string]Kind{
	"jpeg": {Type: "image/jpeg", Ending: ".jpg", clean: stripJPEG},
	"png":  {Type: "image/png", Ending: ".png", clean: stripPNG},
	"gif":  {Type: "image/gif", Ending: ".gif", clean: stripGIF},
	"webp": {Type: "image/webp", Ending: ".webp", clean: stripWebP},
	"pdf":  {Type: "application/pdf", Ending: ".pdf"},
	"docx": {Type: "application/vnd.openxmlformats-officedocument.wordprocessingml.document", Ending: ".docx"},
	"xlsx": {Type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Ending: ".xlsx"},
	"pptx": {Type: "application/vnd.openxmlformats-officedocument.presentationml.presentation", Ending: ".pptx"},
	"odt":  {Type: "application/vnd.oasis.opendocument.text", Ending: ".odt"},
	"ods":  {Type: "application/vnd.oasis.opendocument.spreadsheet", Ending: ".ods"},
	"odp":  {Type: "application/vnd.oasis.opendocument.presentation", Ending: ".odp"},
	"txt":  {Type: "text/plain", Ending: ".txt"},
	"csv":  {Type: "text/csv", Ending: ".csv"},
}

// errKind says that a file is none of the kinds that are taken.
var errKind = errors.New("the content is of no kind that is taken")

// kindOf tells by the content what a file is. The name decides only between
// plain text and a table in plain text, which look alike.
func kindOf(f io.ReaderAt, size int64, name string) (Kind, error) {
	head := make([]byte, min(size, 4096))
	if _, err := f.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return Kind{}, err
	}
	is := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	switch {
	case is("\xff\xd8\xff"):
		return kinds["jpeg"], nil
	case is("\x89PNG\r\n\x1a\n"):
		return kinds["png"], nil
	case is("GIF87a"), is("GIF89a"):
		return kinds["gif"], nil
	case is("RIFF") && len(head) >= 12 && string(head[8:12]) == "WEBP":
		return kinds["webp"], nil
	case is("%PDF-"):
		return kinds["pdf"], nil
	case is("PK\x03\x04"):
		return officeKind(f, size)
	}
	return textKind(f, size, head, name)
}

// mostDirectory bounds a document's list of parts, which is held in memory:
// some 10,000 of them.
const mostDirectory = 1 << 20

// officeKind looks into a document that is a zip archive. The list of its parts
// must be where the format says, so that nothing hides before or behind it.
func officeKind(f io.ReaderAt, size int64) (Kind, error) {
	end := make([]byte, min(size, 22+65535))
	if _, err := f.ReadAt(end, size-int64(len(end))); err != nil && !errors.Is(err, io.EOF) {
		return Kind{}, err
	}
	at := bytes.LastIndex(end, []byte("PK\x05\x06"))
	if at < 0 || len(end)-at < 22 {
		return Kind{}, errKind
	}
	parts := binary.LittleEndian.Uint16(end[at+10:])
	length, start := binary.LittleEndian.Uint32(end[at+12:]), binary.LittleEndian.Uint32(end[at+16:])
	// The largest number means that the true one stands elsewhere (zip64), where
	// another list may stand for those who look there.
	if parts == math.MaxUint16 || length > mostDirectory || start == math.MaxUint32 || int64(start)+int64(length) != size-int64(len(end)-at) {
		return Kind{}, errKind
	}
	archive, err := zip.NewReader(f, size)
	if err != nil || len(archive.File) != int(parts) {
		return Kind{}, errKind
	}
	has := map[string]*zip.File{}
	for _, part := range archive.File {
		has[part.Name] = part
		if strings.EqualFold(path.Base(part.Name), "vbaProject.bin") {
			return Kind{}, errKind // a document that runs programs
		}
	}
	if mark := has["mimetype"]; mark != nil {
		return openDocument(mark)
	}
	switch {
	case has["[Content_Types].xml"] == nil:
	case has["word/document.xml"] != nil:
		return kinds["docx"], nil
	case has["xl/workbook.xml"] != nil:
		return kinds["xlsx"], nil
	case has["ppt/presentation.xml"] != nil:
		return kinds["pptx"], nil
	}
	return Kind{}, errKind
}

// openDocument reads which kind of OpenDocument it is (ODF 1.3 part 2, 3.3).
func openDocument(mark *zip.File) (Kind, error) {
	r, err := mark.Open()
	if err != nil {
		return Kind{}, errKind
	}
	defer r.Close()
	told, err := io.ReadAll(io.LimitReader(r, 100))
	if err != nil {
		return Kind{}, errKind
	}
	for _, name := range []string{"odt", "ods", "odp"} {
		if kinds[name].Type == string(told) {
			return kinds[name], nil
		}
	}
	return Kind{}, errKind
}

// textKind takes text that calls itself text. Pages and drawings are text too,
// with programs in them, so what looks like markup is none.
func textKind(f io.ReaderAt, size int64, head []byte, name string) (Kind, error) {
	kind, ok := kinds[strings.TrimPrefix(strings.ToLower(path.Ext(name)), ".")]
	if !ok || !strings.HasPrefix(kind.Type, "text/") || size == 0 {
		return Kind{}, errKind
	}
	low := bytes.ToLower(head)
	for _, tag := range []string{"<html", "<svg", "<script", "<!doctype", "<?xml"} {
		if bytes.Contains(low, []byte(tag)) {
			return Kind{}, errKind
		}
	}
	if !strings.HasPrefix(http.DetectContentType(head), "text/plain") {
		return Kind{}, errKind
	}
	return kind, noControls(io.NewSectionReader(f, 0, size))
}

// noControls reads all of a text: one that holds bytes which no text has, such
// as NUL, is something else.
func noControls(r io.Reader) error {
	buffer := make([]byte, 64<<10)
	for {
		n, err := r.Read(buffer)
		for _, b := range buffer[:n] {
			if b < ' ' && b != '\t' && b != '\n' && b != '\r' && b != '\f' {
				return errKind
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// mostName is how many characters of a file's name are kept.
const mostName = 120

// cleanName makes a name that is safe on every system and ends as its kind
// does, whatever came. What people would recognise it by stays.
func cleanName(name, ending string) string {
	name = strings.ToValidUTF8(name, "")
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`<>:"|?*`, r): // Windows takes none of these
			return '-'
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsGraphic(r), unicode.Is(unicode.Cf, r): // turns direction, or is not seen
			return -1
		}
		return r
	}, name)
	base := name
	if old := path.Ext(name); len(old) <= 6 { // a real ending and not half a sentence
		base = strings.TrimSuffix(name, old)
	}
	base = strings.Trim(strings.Join(strings.Fields(base), " "), ". ")
	if utf8.RuneCountInString(base) > mostName {
		base = strings.TrimSpace(string([]rune(base)[:mostName]))
	}
	if base == "" {
		base = "file"
	}
	return base + ending
}
