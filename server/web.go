package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"guildhall/frontend"
)

// asset is one file of the web app in the forms that a browser may take.
type asset struct {
	kind    string
	etag    string
	forms   map[string][]byte // by content encoding; "" is the plain one
	forever bool
}

// mountApp serves the web app: its files, and index.html for every address
// that is a page.
func (s *Server) mountApp() error {
	files, err := readApp(frontend.Built)
	if err != nil {
		return err
	}
	index := files["/index.html"]
	var policy string
	if index != nil {
		policy = contentPolicy(index.forms[""])
	} else {
		s.log.Warn("the web app was not built into this binary; only the API answers (make build builds both)")
	}
	s.app.Use(func(c *fiber.Ctx) error {
		if c.Method() != fiber.MethodGet && c.Method() != fiber.MethodHead {
			return fiber.ErrMethodNotAllowed
		}
		p := c.Path()
		if f := files[p]; f != nil && p != "/index.html" {
			return f.send(c)
		}
		// A chunk that is gone must be 404 and never a page, or a tab that was
		// open during an update breaks oddly.
		if index == nil || strings.HasPrefix(p, "/app/") || path.Ext(p) != "" && p != "/index.html" {
			return fiber.ErrNotFound
		}
		c.Set("Content-Security-Policy", policy)
		return index.send(c)
	})
	return nil
}

func readApp(tree fs.FS) (map[string]*asset, error) {
	files := map[string]*asset{}
	err := fs.WalkDir(tree, "build", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		p := strings.TrimPrefix(name, "build")
		if strings.HasPrefix(path.Base(p), ".") {
			return nil
		}
		plain, encoding := p, ""
		for ending, e := range map[string]string{".br": "br", ".gz": "gzip"} {
			if strings.HasSuffix(p, ending) {
				plain, encoding = strings.TrimSuffix(p, ending), e
			}
		}
		f := files[plain]
		if f == nil {
			f = &asset{kind: kindOf(plain), forms: map[string][]byte{}, forever: strings.HasPrefix(plain, "/app/immutable/")}
			files[plain] = f
		}
		f.forms[encoding] = data
		if encoding == "" {
			sum := sha256.Sum256(data)
			f.etag = hex.EncodeToString(sum[:12])
		}
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the web app: %w", err)
	}
	return files, nil
}

func kindOf(name string) string {
	switch ext := path.Ext(name); ext {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".woff2":
		return "font/woff2"
	case ".webmanifest":
		return "application/manifest+json"
	default:
		if kind := mime.TypeByExtension(ext); kind != "" {
			return kind
		}
		return "application/octet-stream"
	}
}

func (f *asset) send(c *fiber.Ctx) error {
	encoding := f.choose(c.Get(fiber.HeaderAcceptEncoding))
	tag := `"` + f.etag + `"`
	if encoding != "" {
		tag = `"` + f.etag + "-" + encoding + `"`
		c.Set(fiber.HeaderContentEncoding, encoding)
	}
	c.Set(fiber.HeaderETag, tag)
	c.Vary(fiber.HeaderAcceptEncoding)
	c.Set(fiber.HeaderContentType, f.kind)
	if f.forever {
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	} else {
		c.Set(fiber.HeaderCacheControl, "no-cache")
	}
	if c.Get(fiber.HeaderIfNoneMatch) == tag {
		return c.SendStatus(fiber.StatusNotModified)
	}
	return c.Send(f.forms[encoding])
}

// choose picks the smallest form that the browser takes (RFC 9110, 12.5.3;
// an encoding with q=0 is refused).
func (f *asset) choose(accept string) string {
	taken := map[string]bool{}
	for part := range strings.SplitSeq(accept, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
		taken[strings.TrimSpace(name)] = err != nil || q > 0
	}
	for _, encoding := range []string{"br", "gzip"} {
		if f.forms[encoding] != nil && taken[encoding] {
			return encoding
		}
	}
	return ""
}

var inlineScript = regexp.MustCompile(`(?s)<script(?:\s+type="module")?>(.*?)</script>`)

// announcerStyle is the inline style of SvelteKit's page announcer, which the
// browser tests watch: without it the announcer would be visible.
const announcerStyle = "'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='"

// contentPolicy lets the page run its own scripts and nothing else; the hash
// of each inline script is taken from the page itself, so that nothing has to
// be kept in step.
func contentPolicy(index []byte) string {
	scripts := "'self'"
	for _, m := range inlineScript.FindAllSubmatch(index, -1) {
		if len(bytes.TrimSpace(m[1])) == 0 {
			continue
		}
		sum := sha256.Sum256(m[1])
		scripts += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'self'; script-src " + scripts + "; style-src 'self'; style-src-attr 'unsafe-hashes' " + announcerStyle +
		"; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}
