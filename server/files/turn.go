package files

import (
	"image"
	"image/color"
)

// upright turns and mirrors a picture as its EXIF orientation asks. From 5 on
// width and height change places.
func upright(img image.Image, turn int) image.Image {
	if y, ok := img.(*image.YCbCr); ok && y.SubsampleRatio <= image.YCbCrSubsampleRatio440 { // the rarer ones have no counterpart
		return uprightYCbCr(y, turn)
	}
	return turned{img, turn}
}

// source is where the pixel comes from that stands at x, y of the upright
// picture, when the stored one has these sides.
func source(turn, x, y, width, height int) (int, int) {
	if turn >= 5 {
		x, y = y, x
	}
	if turn == 2 || turn == 3 || turn == 7 || turn == 8 {
		x = width - 1 - x
	}
	if turn == 3 || turn == 4 || turn == 6 || turn == 7 {
		y = height - 1 - y
	}
	return x, y
}

// turned shows another picture's pixels in their upright places.
type turned struct {
	image.Image
	turn int
}

// Bounds are those of the upright picture, from 0, 0.
func (t turned) Bounds() image.Rectangle { return uprightBounds(t.Image.Bounds(), t.turn) }

// At is the colour at a place of the upright picture.
func (t turned) At(x, y int) color.Color {
	b := t.Image.Bounds()
	sx, sy := source(t.turn, x, y, b.Dx(), b.Dy())
	return t.Image.At(b.Min.X+sx, b.Min.Y+sy)
}

// RGBA64At is At without the wrapping.
func (t turned) RGBA64At(x, y int) color.RGBA64 {
	r, g, b, a := t.At(x, y).RGBA()
	return color.RGBA64{R: uint16(r), G: uint16(g), B: uint16(b), A: uint16(a)} //nolint:gosec // RGBA gives 16 bits
}

func uprightBounds(b image.Rectangle, turn int) image.Rectangle {
	if turn >= 5 {
		return image.Rect(0, 0, b.Dy(), b.Dx())
	}
	return image.Rect(0, 0, b.Dx(), b.Dy())
}

// uprightYCbCr turns a camera's picture plane by plane, as it is stored:
// going through RGB would take several times as long.
func uprightYCbCr(img *image.YCbCr, turn int) *image.YCbCr {
	b, ratio := img.Bounds(), img.SubsampleRatio
	cw, ch := b.Dx(), b.Dy()
	wide := ratio == image.YCbCrSubsampleRatio422 || ratio == image.YCbCrSubsampleRatio420
	high := ratio == image.YCbCrSubsampleRatio440 || ratio == image.YCbCrSubsampleRatio420
	if wide {
		cw = (cw + 1) / 2
	}
	if high {
		ch = (ch + 1) / 2
	}
	if turn >= 5 && wide != high {
		ratio = map[bool]image.YCbCrSubsampleRatio{true: image.YCbCrSubsampleRatio440, false: image.YCbCrSubsampleRatio422}[wide]
	}
	out := image.NewYCbCr(uprightBounds(b, turn), ratio)
	plane(out.Y, out.YStride, img.Y, img.YStride, image.Pt(b.Dx(), b.Dy()), turn)
	plane(out.Cb, out.CStride, img.Cb, img.CStride, image.Pt(cw, ch), turn)
	plane(out.Cr, out.CStride, img.Cr, img.CStride, image.Pt(cw, ch), turn)
	return out
}

// plane copies the samples of one plane, whose stored sides are given.
func plane(to []byte, toStride int, from []byte, fromStride int, sides image.Point, turn int) {
	w, h := sides.X, sides.Y
	if turn >= 5 {
		w, h = h, w
	}
	for y := range h {
		for x := range w {
			sx, sy := source(turn, x, y, sides.X, sides.Y)
			to[y*toStride+x] = from[sy*fromStride+sx]
		}
	}
}
