package files

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"

	"guildhall/server/problem"
)

// store is a bucket in a folder of the test's.
func store(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), "", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// finish uploads content in parts of 100,000 bytes and finishes it.
func finish(t *testing.T, s *Store, name string, content []byte) (*File, error) {
	t.Helper()
	for at := 0; at < len(content); at += 100_000 {
		if err := s.Add(t.Context(), "1", int64(at), content[at:min(at+100_000, len(content))]); err != nil {
			t.Fatal(err)
		}
	}
	f, err := s.Finish(t.Context(), "1", int64(len(content)), name)
	if err := s.Drop(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	return f, err
}

func read(t *testing.T, s *Store, key string) []byte {
	t.Helper()
	r, err := s.Read(t.Context(), key, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() // it was only read
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// scene is a picture whose four corners have colours of their own: red, green,
// blue and white, from the upper left clockwise.
func scene(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{255, 0, 0, 255}
			switch {
			case x >= w/2 && y < h/2:
				c = color.NRGBA{0, 255, 0, 255}
			case x >= w/2:
				c = color.NRGBA{0, 0, 255, 255}
			case y >= h/2:
				c = color.NRGBA{255, 255, 255, 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

// corners names the colours of a picture's corners, clockwise.
func corners(m image.Image) string {
	b := m.Bounds()
	out := ""
	for _, p := range []image.Point{{b.Min.X + 2, b.Min.Y + 2}, {b.Max.X - 3, b.Min.Y + 2}, {b.Max.X - 3, b.Max.Y - 3}, {b.Min.X + 2, b.Max.Y - 3}} {
		r, g, bl, _ := m.At(p.X, p.Y).RGBA()
		switch high := func(v uint32) bool { return v > 0x8000 }; {
		case high(r) && high(g):
			out += "W"
		case high(r):
			out += "R"
		case high(g):
			out += "G"
		case high(bl):
			out += "B"
		default:
			out += "?"
		}
	}
	return out
}

func encode(t *testing.T, as string, m image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	var err error
	switch as {
	case "jpeg":
		err = jpeg.Encode(&out, m, &jpeg.Options{Quality: 95})
	case "png":
		err = png.Encode(&out, m)
	case "gif":
		err = gif.Encode(&out, m, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// exif is a TIFF header with an orientation and a place: 51°30' north.
func exif(turn int) []byte {
	b := []byte("MM\x00\x2a\x00\x00\x00\x08\x00\x02")
	b = binary.BigEndian.AppendUint16(b, 0x0112)
	b = append(b, 0, 3, 0, 0, 0, 1, 0, byte(turn), 0, 0)
	b = binary.BigEndian.AppendUint16(b, 0x8825) // where GPS begins
	b = append(b, 0, 4, 0, 0, 0, 1, 0, 0, 0, 38, 0, 0, 0, 0)
	return append(b, "\x00\x01\x00\x01\x00\x02\x00\x00\x00\x02N\x00\x00\x00GPS-51-30-NORTH of the Town Hall"...)
}

// secrets are what no kept picture may hold.
var secrets = []string{"GPS-51-30", "Town Hall", "Exif", "eXIf", "xmp", "XMP", "Jane", "tEXt", "<script", "PK\x03\x04"}

func clear(t *testing.T, what string, b []byte) {
	t.Helper()
	for _, secret := range secrets {
		if bytes.Contains(b, []byte(secret)) {
			t.Errorf("%s: %q is still in it", what, secret)
		}
	}
}

// segment is one of a JPEG's.
func segment(marker byte, data string) []byte {
	return append([]byte{0xff, marker, byte((len(data) + 2) >> 8), byte(len(data) + 2)}, data...)
}

func withSegments(b []byte, segments ...[]byte) []byte {
	return append(append(bytes.Clone(b[:2]), bytes.Join(segments, nil)...), b[2:]...)
}

func chunk(kind string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// TestAPhotograph: what a camera says of itself, its owner and the place goes,
// also behind the picture's end, and the picture stands upright for each of
// the eight ways in which it was held.
func TestAPhotograph(t *testing.T) {
	s := store(t)
	for turn := 1; turn <= 8; turn++ {
		stored := scene(160, 96)
		held := image.NewNRGBA(uprightBounds(stored.Bounds(), back[turn]))
		for y := range held.Bounds().Dy() {
			for x := range held.Bounds().Dx() {
				sx, sy := source(back[turn], x, y, 160, 96)
				held.Set(x, y, stored.At(sx, sy))
			}
		}
		b := withSegments(encode(t, "jpeg", held), segment(0xe1, "Exif\x00\x00"+string(exif(turn))),
			segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>Jane</x:xmpmeta>"), segment(0xe2, "ICC_PROFILE\x00\x01\x01colours"),
			segment(0xe2, "MPF\x00Jane"), segment(0xed, "Photoshop 3.0\x00Jane"), segment(0xfe, "by Jane <script>"))
		b = append(b, "PK\x03\x04 a second picture with Exif, Jane, <script>"...)
		f, err := finish(t, s, "IMG_1.JPG", b)
		if err != nil {
			t.Fatal(err)
		}
		kept := read(t, s, f.Key)
		clear(t, fmt.Sprint("orientation ", turn), kept)
		if !bytes.Contains(kept, []byte("ICC_PROFILE\x00\x01\x01colours")) {
			t.Errorf("orientation %d: the colours are lost", turn)
		}
		m, err := jpeg.Decode(bytes.NewReader(kept))
		if err != nil {
			t.Fatal(err)
		}
		if got := corners(m); got != "RGBW" || f.Width != 160 || f.Height != 96 || m.Bounds().Dx() != 160 || f.Size != int64(len(kept)) || f.Name != "IMG_1.jpg" {
			t.Errorf("orientation %d: %s, %+v", turn, got, f)
		}
		thumb, err := jpeg.Decode(bytes.NewReader(read(t, s, f.Thumbnail)))
		if err != nil || corners(thumb) != "RGBW" {
			t.Errorf("orientation %d: the thumbnail shows %s, %v", turn, corners(thumb), err)
		}
	}
}

// back is the orientation that undoes another: a quarter to the right and one
// to the left, and the others themselves.
var back = map[int]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}

// TestOtherPictures: the same for PNG, GIF and WebP, upright ones byte by byte
// as they came but for what they tell.
func TestOtherPictures(t *testing.T) {
	s := store(t)
	plain := encode(t, "png", scene(50, 30))
	told := append(bytes.Clone(plain[:33]), chunk("tEXt", []byte("Author\x00Jane"))...)
	told = append(append(told, chunk("iTXt", []byte("XML:com.adobe.xmp"))...), plain[33:]...)
	turnedPNG := append(append(bytes.Clone(plain[:33]), chunk("eXIf", exif(6))...), plain[33:]...)
	drawn := encode(t, "gif", scene(50, 30))
	colourEnd := 13 + colours(drawn[10])
	noted := append(bytes.Clone(drawn[:colourEnd]), "\x21\xfe\x04Jane\x00\x21\xff\x0bXMP DataXMP\x04Jane\x00"...)
	noted = append(noted, drawn[colourEnd:]...)
	for name, c := range map[string]struct {
		came, want []byte
		kind       string
		w, h       int
		corners    string
	}{
		"noted.png":  {append(told, "<script>Jane"...), plain, "image/png", 50, 30, "RGBW"},
		"turned.png": {turnedPNG, nil, "image/png", 30, 50, "WRGB"},
		"noted.gif":  {append(noted, "PK\x03\x04Jane"...), drawn, "image/gif", 50, 30, "RGBW"},
		"plain.webp": {webp("", 0), webp("", 0), "image/webp", 1, 1, ""},
		"noted.webp": {webp("JaneXMP ", 1), nil, "image/webp", 1, 1, ""},
		"turn.webp":  {webp("Jane", 6), nil, "image/png", 1, 1, ""},
	} {
		f, err := finish(t, s, name, c.came)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		kept := read(t, s, f.Key)
		clear(t, name, kept)
		m, _, err := image.Decode(bytes.NewReader(kept))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if c.want != nil && !bytes.Equal(kept, c.want) || f.Type != c.kind || f.Width != c.w || f.Height != c.h || c.corners != "" && corners(m) != c.corners {
			t.Errorf("%s: %+v with corners %s; kept as it is: %v", name, f, corners(m), bytes.Equal(kept, c.want))
		}
	}
}

// webp is a picture of one pixel, with notes and an orientation around it when
// turn is not 0.
func webp(notes string, turn int) []byte {
	lossless := []byte("\x2f\x00\x00\x00\x00\x88\x88\x08\x00") // 1x1, one colour
	part := func(kind string, data []byte) []byte {
		b := binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(data)))
		if b = append(b, data...); len(data)%2 == 1 {
			b = append(b, 0)
		}
		return b
	}
	body := part("VP8L", lossless)
	if turn > 0 {
		body = append(part("VP8X", []byte{8 | 4, 0, 0, 0, 0, 0, 0, 0, 0, 0}), body...)
		body = append(append(body, part("EXIF", exif(turn))...), part("XMP ", []byte(notes))...)
	}
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body)+4)), append([]byte("WEBP"), body...)...)
}

// TestThumbnails: a large picture is made small in its proportions, one with
// holes keeps them, and one frame stands for a GIF.
func TestThumbnails(t *testing.T) {
	s := store(t)
	holes := scene(1600, 200)
	for x := range 800 {
		for y := range 200 {
			holes.SetNRGBA(x, y, color.NRGBA{})
		}
	}
	f, err := finish(t, s, "x.png", encode(t, "png", holes))
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(read(t, s, f.Thumbnail)))
	if err != nil || f.ThumbnailType != "image/png" || m.Bounds().Dx() != thumbSide || m.Bounds().Dy() != 90 {
		t.Fatalf("%+v, %v", f, err)
	}
	if _, _, _, a := m.At(5, 5).RGBA(); a != 0 {
		t.Error("the hole is filled")
	}
}

func docx(t *testing.T, parts ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, part := range parts {
		name, content, _ := strings.Cut(part, "=")
		p, err := w.Create(name)
		if err == nil {
			_, err = io.WriteString(p, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestKinds: the content says what a file is, and the name follows it.
func TestKinds(t *testing.T) {
	s := store(t)
	word := docx(t, "[Content_Types].xml=<x/>", "word/document.xml=<x/>")
	for name, c := range map[string]struct {
		content []byte
		want    string // the name that is kept
		kind    string
	}{
		"plan.docx":        {word, "plan.docx", kinds["docx"].Type},
		"plan.jpg":         {word, "plan.docx", kinds["docx"].Type},
		"sheet.xlsx":       {docx(t, "[Content_Types].xml=<x/>", "xl/workbook.xml="), "sheet.xlsx", kinds["xlsx"].Type},
		"talk.pptx":        {docx(t, "[Content_Types].xml=<x/>", "ppt/presentation.xml="), "talk.pptx", kinds["pptx"].Type},
		"open.odt":         {docx(t, "mimetype="+kinds["odt"].Type), "open.odt", kinds["odt"].Type},
		"open.ods":         {docx(t, "mimetype="+kinds["ods"].Type), "open.ods", kinds["ods"].Type},
		"report.pdf":       {[]byte("%PDF-1.7\n%%EOF"), "report.pdf", "application/pdf"},
		"notes.txt":        {[]byte("Rhowch ŵy i'r gath\n"), "notes.txt", "text/plain"},
		"table.CSV":        {[]byte("council,\xa3m\r\nBryn,3\r\n"), "table.csv", "text/csv"},
		"picture.html":     {encode(t, "png", scene(4, 4)), "picture.png", "image/png"},
		"../../etc/pw.png": {encode(t, "png", scene(4, 4)), "pw.png", "image/png"},
	} {
		f, err := finish(t, s, name, c.content)
		if err != nil || f.Name != c.want || f.Type != c.kind {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
		if err == nil && !strings.HasPrefix(c.kind, "image/") && !bytes.Equal(read(t, s, f.Key), c.content) {
			t.Errorf("%s: the content is another", name)
		}
	}
}

// TestNastyFiles: what is not on the list, is broken, hides something, or would
// eat the machine is refused in words, and nothing of it is kept.
func TestNastyFiles(t *testing.T) {
	s := store(t)
	photo := encode(t, "jpeg", scene(64, 64))
	large := func(w, h uint32) []byte {
		b := encode(t, "png", scene(1, 1))
		head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
		return append(append(bytes.Clone(b[:8]), chunk("IHDR", append(head, b[24:29]...))...), b[33:]...)
	}
	macros := docx(t, "[Content_Types].xml=<x/>", "word/document.xml=", "word/vbaProject.bin=x")
	word := docx(t, "[Content_Types].xml=<x/>", "word/document.xml=")
	for name, c := range map[string]struct {
		content []byte
		slug    string
	}{
		"program.jpg":     {[]byte("MZ\x90\x00 a program"), "file-kind"},
		"page.txt":        {[]byte("  <!DOCTYPE html><script>alert(1)</script>"), "file-kind"},
		"drawing.svg":     {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`), "file-kind"},
		"drawing.txt":     {[]byte(`words first <svg onload=alert(1)>`), "file-kind"},
		"page.html":       {[]byte("<html></html>"), "file-kind"},
		"words":           {[]byte("text without an ending"), "file-kind"},
		"zeros.txt":       {append(bytes.Repeat([]byte("a"), 10_000), 0), "file-kind"},
		"pages.zip":       {docx(t, "index.html=<x/>"), "file-kind"},
		"macros.docx":     {macros, "file-kind"},
		"before.docx":     {append([]byte("PK\x03\x04%PDF-"), word...), "file-kind"},
		"after.docx":      {append(bytes.Clone(word), bytes.Repeat([]byte("x"), 70_000)...), "file-kind"},
		"cut.docx":        {word[:len(word)/2], "file-kind"},
		"page.pdf":        {[]byte("<html>%PDF-1.7"), "file-kind"},
		"empty.png":       {[]byte("\x89PNG\r\n\x1a\n"), "file-broken"},
		"cut.jpg":         {photo[:len(photo)/2], "file-broken"},
		"head.jpg":        {[]byte("\xff\xd8\xff\xe0<script>alert(1)</script>"), "file-broken"},
		"head.gif":        {[]byte("GIF89a/*=1;alert(1)//"), "file-broken"},
		"bomb.png":        {large(30_000, 30_000), "picture-too-large"},
		"wide.png":        {large(60_000_000, 1), "picture-too-large"},
		"endless.png":     {large(0xffffffff, 0xffffffff), "file-broken"},
		"moving.webp":     {[]byte("RIFF\x1a\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00"), "file-kind"},
		"bomb.gif":        {[]byte("GIF89a\xff\xff\xff\xff\x00\x00\x00\x2c\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x01\x00\x00\x3b"), "picture-too-large"},
		"progressive.jpg": {progressiveHead(8000, 8000), "picture-too-large"},
		"two heads.jpg":   {twoFrames(), "file-broken"},
		"many scans.jpg":  {manyScans(mostScans + 1), "file-broken"},
		"elsewhere.docx":  {elsewhere(word), "file-kind"},
		"one short.docx":  {miscounted(word), "file-kind"},
	} {
		f, err := finish(t, s, name, c.content)
		var p *problem.Error
		if !errors.As(err, &p) || p.Type != "/problems/"+c.slug || p.Detail == "" {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
	if err := s.under(t.Context(), "", func(key string, _ int64) error { return fmt.Errorf("%s is kept", key) }); err != nil {
		t.Error(err)
	}
}

// TestPartsThatAreMissing: an upload with a hole is no file.
func TestPartsThatAreMissing(t *testing.T) {
	s := store(t)
	if err := s.Add(t.Context(), "7", 100, []byte("second")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Finish(t.Context(), "7", 106, "x.txt"); !errors.Is(err, ErrGone) {
		t.Error(err)
	}
	if err := s.Add(t.Context(), "7", 0, []byte("first")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Finish(t.Context(), "7", 106, "x.txt"); !errors.Is(err, ErrGone) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.turns <- struct{}{}
	s.turns <- struct{}{}
	if _, err := s.Finish(ctx, "7", 106, "x.txt"); !errors.Is(err, context.Canceled) {
		t.Errorf("who has left still waits for a turn: %v", err)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"Budget 2027.v2.docx":             "Budget 2027.v2.pdf",
		`C:\Users\jane\plan.docx`:         "plan.pdf",
		"a/../../b.pdf":                   "b.pdf",
		"\u202efdp.exe":                   "fdp.pdf",
		"line\nbreak\x00.pdf":             "line break.pdf",
		"...":                             "file.pdf",
		"":                                "file.pdf",
		"ŵy.pdf":                          "ŵy.pdf",
		`what "now"?.pdf`:                 "what -now--.pdf",
		strings.Repeat("é", 300) + ".pdf": strings.Repeat("é", mostName) + ".pdf",
		"\xff\xfe.pdf":                    "file.pdf",
		"no. of bins by ward":             "no. of bins by ward.pdf",
	} {
		if got := cleanName(name, ".pdf"); got != want {
			t.Errorf("%q became %q, want %q", name, got, want)
		}
	}
}

// FuzzClean: no picture, however broken, takes the process down, and none that
// is kept still says where it was made.
func FuzzClean(f *testing.F) {
	var m bytes.Buffer
	if err := jpeg.Encode(&m, scene(16, 16), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(withSegments(m.Bytes(), segment(0xe1, "Exif\x00\x00"+string(exif(6)))))
	f.Add(webp("Jane", 6))
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00\x3b"))
	f.Fuzz(func(t *testing.T, b []byte) {
		kind, err := kindOf(bytes.NewReader(b), int64(len(b)), "x")
		if err != nil || kind.clean == nil {
			return
		}
		p, err := clean(kind, b)
		if err != nil {
			return
		}
		kept, err := io.ReadAll(p.whole)
		if err != nil || p.width < 1 || p.height < 1 || len(p.thumbnail) == 0 {
			t.Fatalf("%+v, %v", p, err)
		}
		if _, _, err := image.DecodeConfig(bytes.NewReader(kept)); err != nil {
			t.Fatalf("what is kept is no picture: %v", err)
		}
	})
}
