package files

import (
	"bytes"
)

// Files that say of themselves what is not so.

// progressiveHead is a JPEG without any samples that says it is progressive and
// this large, in full colour.
func progressiveHead(w, h int) []byte {
	frame := string([]byte{8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0})
	return append(withSegments([]byte{0xff, 0xd8}, segment(0xc2, frame), segment(0xda, "\x03\x01\x00\x02\x00\x03\x00\x00?\x00")), 0xff, 0xd9)
}

// manyScans is a small progressive JPEG that goes over its picture so often.
func manyScans(count int) []byte {
	head := progressiveHead(8, 8)
	scan := segment(0xda, "\x01\x01\x00\x00\x00\x00")
	return append(append(head[:len(head)-2:len(head)-2], bytes.Repeat(scan, count)...), 0xff, 0xd9)
}

// twoFrames says another size, and how it is coded, when it has said it before.
func twoFrames() []byte {
	first, second := progressiveHead(8000, 8000), progressiveHead(8, 8)
	return append(bytes.Clone(first[:len(first)-2]), second[2:]...)
}

// elsewhere is a document that says that its list of parts stands where only
// some programs look (zip64).
func elsewhere(document []byte) []byte {
	b := bytes.Clone(document)
	copy(b[bytes.LastIndex(b, []byte("PK\x05\x06"))+8:], "\xff\xff\xff\xff")
	return b
}

// miscounted is a document with one part more than it says.
func miscounted(document []byte) []byte {
	b := bytes.Clone(document)
	b[bytes.LastIndex(b, []byte("PK\x05\x06"))+10]--
	return b
}
