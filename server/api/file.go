package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"guildhall/server/access"
	"guildhall/server/problem"
)

// Content is a file to hand out. It is never run or shown as a page: its type
// is said, not guessed, and a browser that opens it gives it no rights.
type Content struct {
	Type   string
	Name   string // under which it is saved
	Size   int64
	Tag    string // changes when the bytes do
	Inline bool   // a picture, which a page may show; all else is saved
	// Open gives length bytes from offset on. The context outlives the request.
	Open func(ctx context.Context, offset, length int64) (io.ReadCloser, error)
}

const (
	longestDownload = time.Hour
	stalled         = 30 * time.Second // without a byte taken, a download is over
)

// File adds an endpoint whose answer is a file. It may be read in stretches
// (Range) and asked for only if changed (If-None-Match); a browser may keep it
// and must ask each time whether it still may show it.
func File[I any](r *Router, op Op, f func(context.Context, access.Actor, *I) (*Content, error)) {
	op.Status = http.StatusOK
	register(r, op, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
		file, err := f(ctx, ActorFrom(ctx), in)
		if err != nil {
			return nil, r.visible(ctx, op, err)
		}
		return &huma.StreamResponse{Body: func(hctx huma.Context) {
			c := humafiber.UnwrapV2(hctx)
			if err := file.send(ctx, c); err != nil {
				p := r.visible(ctx, op, err).(*problem.Error) //nolint:errorlint // visible gives nothing else
				for name, values := range p.GetHeaders() {
					c.Set(name, values[0])
				}
				r.refuse(hctx, p)
			}
		}}, nil
	})
	binary := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	r.huma.OpenAPI().Paths[op.Path].Get.Responses["200"].Content = map[string]*huma.MediaType{"application/octet-stream": binary}
}

// send answers with the file, or the stretch of it that was asked for.
func (f *Content) send(ctx context.Context, c *fiber.Ctx) error {
	tag := `"` + f.Tag + `"`
	c.Set(fiber.HeaderETag, tag)
	c.Set(fiber.HeaderCacheControl, "private, no-cache")
	c.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	c.Set(fiber.HeaderAcceptRanges, "bytes")
	if strings.Contains(c.Get(fiber.HeaderIfNoneMatch), tag) {
		c.Status(http.StatusNotModified)
		return nil
	}
	offset, length, part, err := stretch(c.Get(fiber.HeaderRange), f.Size)
	if again := c.Get("If-Range"); again != "" && again != tag {
		offset, length, part, err = 0, f.Size, false, nil
	}
	if err != nil {
		c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes */%d", f.Size))
		return err
	}
	// The request's context ends before the last byte is out.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestDownload)
	from, err := f.Open(ctx, offset, length)
	if err != nil {
		cancel()
		return err
	}
	c.Set(fiber.HeaderContentType, f.Type)
	how := "attachment"
	if f.Inline {
		how = "inline"
	}
	c.Set(fiber.HeaderContentDisposition, mime.FormatMediaType(how, map[string]string{"filename": f.Name}))
	c.Status(http.StatusOK)
	if part {
		c.Status(http.StatusPartialContent)
		c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes %d-%d/%d", offset, offset+length-1, f.Size))
	}
	c.Context().SetBodyStream(&download{from, c.Context().Conn(), cancel}, int(length))
	return nil
}

// stretch reads a Range of one stretch (RFC 9110, 14.2). Several at once, and
// what is not understood, may be answered with the whole.
func stretch(text string, size int64) (offset, length int64, part bool, err error) {
	spec, ok := strings.CutPrefix(text, "bytes=")
	first, last, dash := strings.Cut(spec, "-")
	if !ok || !dash || strings.Contains(spec, ",") {
		return 0, size, false, nil
	}
	from, noFrom := strconv.ParseInt(first, 10, 64)
	to, noTo := strconv.ParseInt(last, 10, 64)
	switch {
	case noFrom == nil && last == "":
		to = size - 1
	case noFrom == nil && noTo == nil && from <= to:
		to = min(to, size-1)
	case first == "" && noTo == nil && to > 0:
		from, to = max(0, size-to), size-1
	default:
		return 0, size, false, nil
	}
	if from >= size {
		return 0, 0, false, problem.New(http.StatusRequestedRangeNotSatisfiable, "range", "There is no such part", "The file is shorter than that.")
	}
	return from, to - from + 1, true, nil
}

// download gives a slow reader time for as long as they read.
type download struct {
	io.ReadCloser
	conn   net.Conn
	cancel context.CancelFunc
}

// Read reads on and moves the time limit of the answer.
func (d *download) Read(b []byte) (int, error) {
	if err := d.conn.SetWriteDeadline(time.Now().Add(stalled)); err != nil { //nolint:forbidigo // the connection's own clock
		return 0, err
	}
	return d.ReadCloser.Read(b)
}

// Close lets the file go.
func (d *download) Close() error {
	d.cancel()
	err := d.ReadCloser.Close()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
