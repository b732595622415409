package files

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// stripped is a picture without what it says about its making: stretches of
// the file as it came, so that nothing is lost in quality and little copied.
// What follows the end of the picture is left out too, whatever it is.
type stripped struct {
	keep   [][]byte
	turn   int    // EXIF orientation, 1 to 8
	icc    []byte // JPEG only: the segments of the colour profile
	memory int64  // bytes that decoding takes for each 100 pixels
}

func (s *stripped) reader() io.Reader {
	parts := make([]io.Reader, len(s.keep))
	for i, b := range s.keep {
		parts[i] = bytes.NewReader(b)
	}
	return io.MultiReader(parts...)
}

var errBroken = errors.New("the file is cut off or damaged")

// mostScans bounds how often a JPEG goes over the whole picture, which costs the
// decoder time that its size does not tell. Cameras and programs make some ten.
const mostScans = 100

// stripJPEG keeps what a decoder needs and the colour profile (ITU T.81, annex
// B). EXIF, XMP, IPTC, maker notes, comments and further pictures behind the
// first all go.
func stripJPEG(b []byte) (*stripped, error) {
	s := &stripped{keep: [][]byte{b[:2]}, turn: 1, memory: 400}
	frames, scans := 0, 0
	for at := 2; ; {
		if at+2 > len(b) || b[at] != 0xff {
			return nil, errBroken
		}
		marker := b[at+1]
		switch {
		case marker == 0xff: // filling
			at++
			continue
		case marker == 0xd9:
			s.keep = append(s.keep, b[at:at+2])
			return s, nil
		case marker == 0x01 || marker >= 0xd0 && marker <= 0xd7: // without a length, and without a use here
			at += 2
			continue
		}
		if at+4 > len(b) {
			return nil, errBroken
		}
		end := at + 2 + int(binary.BigEndian.Uint16(b[at+2:]))
		if end < at+4 || end > len(b) {
			return nil, errBroken
		}
		switch {
		case marker == 0xda:
			end = scanEnd(b, end)
			scans++
		case marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
			frames++
		}
		if frames > 1 || scans > mostScans {
			return nil, errBroken
		}
		s.segment(marker, b[at:end])
		at = end
	}
}

// segment keeps one part of a JPEG, or what it says of orientation.
func (s *stripped) segment(marker byte, whole []byte) {
	data := whole[4:]
	switch {
	case marker == 0xe0: // JFIF, unless it has a little picture inside
		if !bytes.HasPrefix(data, []byte("JFIF\x00")) || len(data) != 14 {
			return
		}
	case marker == 0xe1:
		if exif, ok := bytes.CutPrefix(data, []byte("Exif\x00\x00")); ok {
			s.turn = orientation(exif)
		}
		return
	case marker == 0xe2:
		if !bytes.HasPrefix(data, []byte("ICC_PROFILE\x00")) {
			return
		}
		s.icc = append(s.icc, whole...)
	case marker == 0xee:
		if !bytes.HasPrefix(data, []byte("Adobe")) { // says how colours are coded
			return
		}
	case marker > 0xe0 && marker <= 0xef, marker >= 0xf0:
		return
	case marker == 0xc2:
		s.memory = progressive(data)
	}
	s.keep = append(s.keep, whole)
}

// progressive is what a progressive JPEG takes for 100 pixels: the decoder
// holds every coefficient in four bytes beside the samples.
func progressive(frame []byte) int64 {
	if len(frame) < 6 {
		return 1500
	}
	var most, sum int64
	for i := 6; i+2 < len(frame); i += 3 {
		area := int64(frame[i+1]>>4) * int64(frame[i+1]&15)
		most, sum = max(most, area), sum+area
	}
	if most == 0 {
		return 1500
	}
	return 500 * sum / most
}

// scanEnd finds the marker after the coded samples that begin at at.
func scanEnd(b []byte, at int) int {
	for {
		next := bytes.IndexByte(b[at:], 0xff)
		if next < 0 || at+next+1 >= len(b) {
			return len(b)
		}
		at += next
		if m := b[at+1]; m != 0 && m != 0xff && (m < 0xd0 || m > 0xd7) {
			return at
		}
		at++
	}
}

// pngKept are the chunks that say how the picture looks (PNG third edition,
// 11), the frames of a moving one among them.
var pngKept = map[string]bool{
	"IHDR": true, "PLTE": true, "IDAT": true, "IEND": true, "tRNS": true, "gAMA": true, "cHRM": true, "sRGB": true, "iCCP": true, "cICP": true,
	"sBIT": true, "bKGD": true, "pHYs": true, "acTL": true, "fcTL": true, "fdAT": true,
}

func stripPNG(b []byte) (*stripped, error) {
	s := &stripped{keep: [][]byte{b[:8]}, turn: 1}
	for at := 8; at+12 <= len(b); {
		length := int64(binary.BigEndian.Uint32(b[at:]))
		if length > int64(len(b)-at-12) {
			return nil, errBroken
		}
		kind, data, end := string(b[at+4:at+8]), b[at+8:at+8+int(length)], at+12+int(length)
		if pngKept[kind] {
			s.keep = append(s.keep, b[at:end])
		}
		switch kind {
		case "IHDR":
			if length != 13 {
				return nil, errBroken
			}
			if s.memory = 400; data[8] == 16 {
				s.memory = 800
			}
			if data[12] != 0 {
				s.memory *= 2 // interlaced: its passes are pictures of their own
			}
		case "eXIf":
			s.turn = orientation(data)
		case "IEND":
			return s, nil
		}
		at = end
	}
	return nil, errBroken
}

// stripGIF keeps frames, their timing and how often they repeat (GIF89a).
func stripGIF(b []byte) (*stripped, error) {
	if len(b) < 13 {
		return nil, errBroken
	}
	at := 13 + colours(b[10])
	if at > len(b) {
		return nil, errBroken
	}
	s := &stripped{keep: [][]byte{b[:at]}, turn: 1, memory: 500}
	for at < len(b) {
		start, kept := at, true
		switch b[at] {
		case 0x3b:
			s.keep = append(s.keep, b[at:at+1])
			return s, nil
		case 0x2c:
			if at+10 > len(b) {
				return nil, errBroken
			}
			at += 10 + colours(b[at+9]) + 1 // the width of the first code
		case 0x21:
			if at+2 > len(b) {
				return nil, errBroken
			}
			repeats := bytes.HasPrefix(b[at+2:], []byte("\x0bNETSCAPE2.0")) || bytes.HasPrefix(b[at+2:], []byte("\x0bANIMEXTS1.0"))
			kept = b[at+1] == 0xf9 || b[at+1] == 0xff && repeats
			at += 2
		default:
			return nil, errBroken
		}
		for { // blocks, each with its length in front, until an empty one
			if at >= len(b) {
				return nil, errBroken
			}
			length := int(b[at])
			if at += 1 + length; length == 0 {
				break
			}
		}
		if kept {
			s.keep = append(s.keep, b[start:at])
		}
	}
	return nil, errBroken
}

// colours is how many bytes the table takes that the packed field announces.
func colours(packed byte) int {
	if packed&0x80 == 0 {
		return 0
	}
	return 3 << (packed&7 + 1)
}

// stripWebP keeps the picture, its transparency and its colour profile (RFC
// 9649). Moving ones are not taken: nothing here can look into them.
func stripWebP(b []byte) (*stripped, error) {
	s := &stripped{turn: 1, memory: 400}
	size, moving := uint32(4), false
	end := min(int64(len(b)), 8+int64(binary.LittleEndian.Uint32(b[4:])))
	for at := int64(12); at+8 <= end; {
		length := int64(binary.LittleEndian.Uint32(b[at+4:]))
		next := at + 8 + length
		if next > end {
			return nil, errBroken
		}
		chunk := b[at:next]
		switch string(chunk[:4]) {
		case "VP8X":
			if length < 10 {
				return nil, errBroken
			}
			moving = chunk[8]&2 != 0
			chunk = bytes.Clone(chunk)
			chunk[8] &^= 8 | 4 // neither EXIF nor XMP follows
		case "VP8L":
			s.memory = 800
		case "VP8 ", "ALPH", "ICCP":
		case "EXIF":
			s.turn = orientation(bytes.TrimPrefix(chunk[8:], []byte("Exif\x00\x00")))
			chunk = nil
		default:
			chunk = nil
		}
		if chunk != nil {
			s.keep = append(s.keep, chunk)
			if length%2 == 1 {
				s.keep = append(s.keep, []byte{0})
			}
			size += uint32(8 + length + length%2)
		}
		at = next + length%2
	}
	if moving {
		return nil, errKind
	}
	head := binary.LittleEndian.AppendUint32([]byte("RIFF"), size)
	s.keep = append([][]byte{append(head, "WEBP"...)}, s.keep...)
	return s, nil
}

// orientation reads how a camera was held (EXIF 2.32, tag 0x0112) from a TIFF
// header; 1, upright, where nothing sensible is said.
func orientation(b []byte) int {
	if len(b) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if bytes.HasPrefix(b, []byte("MM")) {
		order = binary.BigEndian
	}
	at := int64(order.Uint32(b[4:]))
	if at+2 > int64(len(b)) {
		return 1
	}
	entries := int64(order.Uint16(b[at:]))
	for i := range entries {
		entry := at + 2 + 12*i
		if entry+12 > int64(len(b)) {
			return 1
		}
		if order.Uint16(b[entry:]) == 0x0112 {
			if turn := int(order.Uint16(b[entry+8:])); turn >= 1 && turn <= 8 {
				return turn
			}
			return 1
		}
	}
	return 1
}
