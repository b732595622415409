package files

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	_ "image/gif" // the formats that image.Decode knows
	"image/jpeg"
	"image/png"
	"io"
	"runtime/debug"

	_ "golang.org/x/image/webp"
)

const (
	mostMemory = 256 << 20 // bytes that decoding one picture may take
	mostPixels = 64_000_000
	mostSide   = 30_000
	thumbSide  = 720 // pixels; shown at half of that where screens are sharp
)

// errLarge says that a picture would take too much memory to look into,
// however few bytes it came in.
var errLarge = errors.New("the picture has too many pixels")

// picture is one that is ready to be kept.
type picture struct {
	kind          Kind
	whole         io.Reader
	width, height int
	thumbnail     []byte
	transparent   bool // then the thumbnail is PNG, else JPEG
}

// clean takes a picture apart, turns it upright and makes its thumbnail. Each
// is decoded once, so that what is kept is a picture and nothing that only
// begins like one.
func clean(kind Kind, b []byte) (p *picture, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("%w: a decoder failed: %v\n%s", errBroken, fault, debug.Stack())
		}
	}()
	s, err := kind.clean(b)
	if err != nil {
		return nil, err
	}
	config, _, err := image.DecodeConfig(s.reader())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBroken, err)
	}
	pixels := int64(config.Width) * int64(config.Height)
	switch {
	case pixels == 0:
		return nil, errBroken
	case config.Width > mostSide, config.Height > mostSide, pixels > mostPixels, pixels*s.memory/100 > mostMemory:
		return nil, errLarge
	}
	img, _, err := image.Decode(s.reader())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBroken, err)
	}
	img = onCanvas(img, config)
	p = &picture{kind: kind, whole: s.reader()}
	if s.turn > 1 {
		img = upright(img, s.turn)
		if err := p.again(img, s.icc); err != nil {
			return nil, err
		}
	}
	p.width, p.height = img.Bounds().Dx(), img.Bounds().Dy()
	return p, p.shrink(img)
}

// onCanvas puts the first frame of a GIF where it belongs: it may be smaller
// than the picture.
func onCanvas(img image.Image, config image.Config) image.Image {
	canvas := image.Rect(0, 0, config.Width, config.Height)
	if img.Bounds() == canvas {
		return img
	}
	out := image.NewNRGBA(canvas)
	draw.Draw(out, img.Bounds(), img, img.Bounds().Min, draw.Src)
	return out
}

// again writes a picture that had to be turned. A camera's JPEG stays one, with
// its colour profile; the others become PNG, which loses nothing.
func (p *picture) again(img image.Image, profile []byte) error {
	var out bytes.Buffer
	if p.kind.Type != "image/jpeg" {
		p.kind, p.whole = kinds["png"], &out
		return png.Encode(&out, img)
	}
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 92}); err != nil {
		return err
	}
	b := out.Bytes()
	p.whole = io.MultiReader(bytes.NewReader(b[:2]), bytes.NewReader(profile), bytes.NewReader(b[2:]))
	return nil
}

// shrink makes the thumbnail: each of its pixels is the mean of those that it
// stands for.
func (p *picture) shrink(img image.Image) error {
	src, ok := img.(image.RGBA64Image)
	if !ok {
		return fmt.Errorf("shrink: %T has no fast pixels", img)
	}
	most := max(p.width, p.height)
	fit := func(side int) int {
		if most <= thumbSide {
			return side
		}
		return max(1, (side*thumbSide+most/2)/most)
	}
	w, h := fit(p.width), fit(p.height)
	small := image.NewRGBA(image.Rect(0, 0, w, h))
	at := src.Bounds().Min
	for y := range h {
		top, bottom := y*p.height/h, max((y+1)*p.height/h, y*p.height/h+1)
		for x := range w {
			left, right := x*p.width/w, max((x+1)*p.width/w, x*p.width/w+1)
			var r, g, b, a, n uint64
			for sy := top; sy < bottom; sy++ {
				for sx := left; sx < right; sx++ {
					c := src.RGBA64At(at.X+sx, at.Y+sy)
					r, g, b, a, n = r+uint64(c.R), g+uint64(c.G), b+uint64(c.B), a+uint64(c.A), n+1
				}
			}
			i := small.PixOffset(x, y)
			small.Pix[i], small.Pix[i+1], small.Pix[i+2], small.Pix[i+3] = uint8(r/n>>8), uint8(g/n>>8), uint8(b/n>>8), uint8(a/n>>8)
		}
	}
	var out bytes.Buffer
	p.transparent = !small.Opaque()
	var err error
	if p.transparent {
		err = png.Encode(&out, small)
	} else {
		err = jpeg.Encode(&out, small, &jpeg.Options{Quality: 80})
	}
	p.thumbnail = out.Bytes()
	return err
}
