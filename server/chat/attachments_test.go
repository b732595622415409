package chat_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"guildhall/server/chat"
	"guildhall/server/clock"
	"guildhall/server/config"
	"guildhall/server/ids"
	"guildhall/server/testkit"
)

// drawing is a small PNG that nothing compresses much.
func drawing(t *testing.T, side int) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, side, side*3/4))
	for i := range m.Pix {
		m.Pix[i] = byte(i * i >> 3)
	}
	m.Set(0, 0, color.NRGBA{255, 0, 0, 255})
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func start(w *testkit.World, who string, room ids.ID, name string, size int) chat.Upload {
	w.T.Helper()
	var u chat.Upload
	w.As(who).Post(testkit.Path("/rooms/%s/attachments", room), words{"name": name, "size": size}).Expect(201).JSON(&u)
	return u
}

// put sends bytes of a file as the web app does.
func put(w *testkit.World, who string, id ids.ID, offset int, part []byte) *testkit.Answer {
	w.T.Helper()
	return w.As(who).Raw("PUT", testkit.Path("/attachments/%s/content?offset=%d", id, offset), "application/octet-stream", part)
}

// upload brings a whole file.
func upload(w *testkit.World, who string, room ids.ID, name string, content []byte) chat.Attachment {
	w.T.Helper()
	u := start(w, who, room, name, len(content))
	put(w, who, u.ID, 0, content).Expect(200).JSON(&u)
	if u.Attachment == nil {
		w.T.Fatalf("%s is not finished: %+v", name, u)
	}
	return *u.Attachment
}

func sendFiles(w *testkit.World, who string, room ids.ID, body string, list ...ids.ID) *testkit.Answer {
	w.T.Helper()
	return w.As(who).Post(testkit.Path("/rooms/%s/messages", room), words{"clientId": ids.NewUUID(), "body": body, "attachments": list})
}

// stored counts the files in a world's bucket.
func stored(w *testkit.World) (n int) {
	w.T.Helper()
	err := filepath.WalkDir(w.Config.FilesDir(), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		w.T.Fatal(err)
	}
	return n
}

// TestAFileIsSent: in parts, described, with a message that has no words, to
// everybody in the room and nobody else; and gone with the message.
func TestAFileIsSent(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	content := drawing(t, 300)
	u := start(w, "member", room.ID, "Town hall.PNG", len(content))
	half := len(content) / 2
	put(w, "member", u.ID, 0, content[:half]).Expect(200).JSON(&u)
	if u.Received != int64(half) || u.Attachment != nil {
		t.Fatalf("half of it: %+v", u)
	}
	// The answer was lost: the same part, or one that begins elsewhere, changes nothing.
	for _, at := range []int{0, half - 5, half + 5} {
		put(w, "member", u.ID, at, content[:100]).Expect(200).JSON(&u)
		if u.Received != int64(half) {
			t.Fatalf("a part at %d: %+v", at, u)
		}
	}
	path := testkit.Path("/attachments/%s", u.ID)
	w.As("member").Get(path).Expect(200).JSON(&u)
	put(w, "member", u.ID, half, content[half:]).Expect(200).JSON(&u)
	a := u.Attachment
	if a == nil || a.Name != "Town hall.png" || a.Type != "image/png" || a.Width != 300 || a.Height != 225 || a.Size != int64(len(content)) {
		t.Fatalf("finished: %+v", a)
	}
	put(w, "member", u.ID, half, content[half:]).Expect(200) // its answer was lost too
	w.As("facilitator").Get(path+"/content").Problem(404, "not-found")
	w.As("member").Get(path + "/thumbnail").Expect(200)
	w.As("member").Patch(path, words{"alt": " The town hall in snow "}).Expect(200).JSON(&u)

	var m chat.Message
	sendFiles(w, "member", room.ID, "", a.ID).Expect(201).JSON(&m)
	if len(m.Attachments) != 1 || m.Attachments[0].Alt != "The town hall in snow" || m.Body != "" || m.HTML != "" {
		t.Fatalf("sent: %+v", m)
	}
	var h chat.History
	w.As("facilitator").Get(testkit.Path("/rooms/%s/messages", room.ID)).Expect(200).JSON(&h)
	if got := h.Items[0].Attachments; len(got) != 1 || got[0] != m.Attachments[0] {
		t.Errorf("read: %+v", got)
	}
	whole := w.As("facilitator").Get(path + "/content").Expect(200)
	if whole.Body != string(content) {
		t.Error("the picture is another")
	}
	for _, gone := range []string{path + "/content", path + "/thumbnail", path} {
		w.As("outsider").Get(gone).Problem(404, "not-found")
		w.As("stranger").Get(gone).Problem(401, "sign-in")
	}
	w.As("member").Patch(path, words{"alt": "x"}).Problem(404, "not-found")
	w.As("member").Delete(path).Problem(404, "not-found")

	// Words may come and go, but one of the two stays.
	w.As("member").Patch(testkit.Path("/messages/%s", m.ID), words{"body": "Look", "version": 1}).Expect(200).JSON(&m)
	w.As("member").Patch(testkit.Path("/messages/%s", m.ID), words{"body": "", "version": 2}).Expect(200).JSON(&m)
	if m.Body != "" || len(m.Attachments) != 1 {
		t.Errorf("edited: %+v", m)
	}
	if n := stored(w); n != 2 {
		t.Errorf("%d files are stored instead of the picture and its thumbnail", n)
	}
	w.As("member").Delete(testkit.Path("/messages/%s", m.ID)).Expect(204)
	w.As("member").Get(path+"/content").Problem(404, "not-found")
	h = chat.History{}
	w.As("facilitator").Get(testkit.Path("/rooms/%s/messages", room.ID)).Expect(200).JSON(&h)
	if len(h.Items[0].Attachments) != 0 {
		t.Errorf("deleted: %+v", h.Items[0])
	}
	testkit.Eventually(t, "the bytes are gone", func() bool { w.Drain(); return stored(w) == 0 })
}

// TestHowAFileIsServed: as what it is, never as a page, in stretches if asked,
// and again only if it changed.
func TestHowAFileIsServed(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	notes := upload(w, "member", room.ID, "Nodiadau ŵy.txt", []byte("0123456789"))
	picture := upload(w, "member", room.ID, "x.png", drawing(t, 900))
	sendFiles(w, "member", room.ID, "Two", notes.ID, picture.ID).Expect(201)
	ask := func(id ids.ID, what string, header ...string) *testkit.Answer {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "GET", w.URL+testkit.Path("/attachments/%s/%s", id, what), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.AddCookie(&http.Cookie{Name: "guildhall", Value: w.As("facilitator").Token})
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return w.Do(r)
	}
	a := ask(notes.ID, "content").Expect(200)
	for name, want := range map[string]string{
		"Content-Type": "text/plain", "X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-cache", "Content-Length": "10",
		"Content-Disposition": "attachment; filename*=utf-8''Nodiadau%20%C5%B5y.txt", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if policy := a.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "sandbox") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("policy: %s", policy)
	}
	tag := a.Header.Get("Etag")
	if a := ask(notes.ID, "content", "If-None-Match", tag).Expect(304); a.Body != "" {
		t.Errorf("304 with %q", a.Body)
	}
	for asked, want := range map[string]string{"bytes=2-4": "234", "bytes=7-": "789", "bytes=-2": "89", "bytes=8-100": "89", "bytes=0-1": "01"} {
		if a := ask(notes.ID, "content", "Range", asked).Expect(206); a.Body != want || !strings.HasSuffix(a.Header.Get("Content-Range"), "/10") {
			t.Errorf("%s: %q, %s", asked, a.Body, a.Header.Get("Content-Range"))
		}
	}
	for _, asked := range []string{"bytes=1-2,4-5", "bytes=x", "lines=1-2", "bytes=5-2", "bytes=-0"} {
		if a := ask(notes.ID, "content", "Range", asked).Expect(200); a.Body != "0123456789" {
			t.Errorf("%s: %q", asked, a.Body)
		}
	}
	ask(notes.ID, "content", "Range", "bytes=10-").Problem(416, "range")
	ask(notes.ID, "content", "Range", "bytes=2-4", "If-Range", `"old"`).Expect(200)
	ask(notes.ID, "thumbnail").Problem(404, "not-found")
	if a := ask(picture.ID, "content").Expect(200); !strings.HasPrefix(a.Header.Get("Content-Disposition"), "inline") || a.Header.Get("Content-Type") != "image/png" {
		t.Errorf("a picture: %v", a.Header)
	}
	small := ask(picture.ID, "thumbnail").Expect(200)
	m, _, err := image.DecodeConfig(strings.NewReader(small.Body))
	if err != nil || m.Width != 720 || m.Height != 540 {
		t.Errorf("the thumbnail: %+v, %v", m, err)
	}
	ask(picture.ID, "thumbnail", "If-None-Match", small.Header.Get("Etag")).Expect(304)
	if small.Header.Get("Etag") == ask(picture.ID, "content").Header.Get("Etag") {
		t.Error("picture and thumbnail have one tag")
	}
}

// TestWhoseFile: a file goes once, with a message of its owner's, in the room
// for which it came, and what is refused sinks nothing and takes no number.
func TestWhoseFile(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room, other := makeRoom(w, "Room"), makeRoom(w, "Other")
	mine := upload(w, "member", room.ID, "a.txt", []byte("mine"))
	elsewhere := upload(w, "member", other.ID, "b.txt", []byte("elsewhere"))
	unfinished := start(w, "member", room.ID, "c.txt", 10)
	put(w, "facilitator", unfinished.ID, 0, []byte("x")).Problem(404, "not-found")
	w.As("facilitator").Delete(testkit.Path("/attachments/%s", mine.ID)).Problem(404, "not-found")
	sendFiles(w, "facilitator", room.ID, "not mine", mine.ID).Problem(409, "files-gone")
	sendFiles(w, "member", room.ID, "of another room", elsewhere.ID).Problem(409, "files-gone")
	sendFiles(w, "member", room.ID, "not whole", unfinished.ID).Problem(409, "files-gone")
	sendFiles(w, "member", room.ID, "never was", 987654321).Problem(409, "files-gone")
	sendFiles(w, "member", room.ID, "twice", mine.ID, mine.ID).Problem(422, "invalid")
	sendFiles(w, "member", room.ID, " ").Problem(422, "invalid")
	var list []ids.ID
	for i := range 11 {
		list = append(list, ids.ID(i+1))
	}
	sendFiles(w, "member", room.ID, "too many", list...).Problem(422, "invalid")

	in := words{"clientId": ids.NewUUID(), "body": "", "attachments": []ids.ID{mine.ID}}
	var m, again chat.Message
	path := testkit.Path("/rooms/%s/messages", room.ID)
	w.As("member").Post(path, in).Expect(201).JSON(&m)
	w.As("member").Post(path, in).Expect(201).JSON(&again)
	if m.Seq != 1 || again.ID != m.ID || len(again.Attachments) != 1 {
		t.Errorf("sent again: %+v after %+v", again, m)
	}
	in["attachments"] = []ids.ID{}
	in["body"] = "x"
	w.As("member").Post(path, in).Problem(409, "client-id-reused")
	sendFiles(w, "member", room.ID, "once more", mine.ID).Problem(409, "files-gone")
	w.As("member").Delete(testkit.Path("/messages/%s", m.ID)).Expect(204)
	in["attachments"], in["body"], again = []ids.ID{mine.ID}, "", chat.Message{}
	w.As("member").Post(path, in).Expect(201).JSON(&again)
	if again.DeletedAt == nil || len(again.Attachments) != 0 {
		t.Errorf("the first message was deleted: %+v", again)
	}
	// Removed from the space, one has nothing to do with its files.
	if _, err := w.DB.Exec(`update memberships set ended_at = now() where account_id = $1 and space_id = $2`, w.As("member").ID, w.Space("cohortA")); err != nil {
		t.Fatal(err)
	}
	put(w, "member", unfinished.ID, 0, []byte("x")).Problem(404, "not-found")
	w.As("member").Post(testkit.Path("/rooms/%s/attachments", room.ID), words{"name": "x.txt", "size": 1}).Problem(404, "not-found")
}

// tooMuch sends more than a request may bring. The server says so as soon as it
// knows, and hangs up, which a client that still sends may hear of first.
func tooMuch(w *testkit.World, id ids.ID) {
	w.T.Helper()
	r, err := http.NewRequestWithContext(w.T.Context(), http.MethodPut, w.URL+testkit.Path("/attachments/%s/content?offset=0", id), bytes.NewReader(make([]byte, 1<<20+1)))
	if err != nil {
		w.T.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/octet-stream")
	r.Header.Set("Origin", w.URL)
	r.AddCookie(&http.Cookie{Name: "guildhall", Value: w.As("member").Token})
	res, err := http.DefaultClient.Do(r)
	switch {
	case err != nil && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE):
		w.T.Fatal(err)
	case err == nil && res.StatusCode != http.StatusRequestEntityTooLarge:
		w.T.Errorf("too much for one request: %s", res.Status)
	}
	if err == nil {
		_ = res.Body.Close()
	}
	var got chat.Upload
	w.As("member").Get(testkit.Path("/attachments/%s", id)).Expect(200).JSON(&got)
	if got.Received != 0 {
		w.T.Errorf("%d bytes of it were kept", got.Received)
	}
}

// TestUploadsHaveLimits: of size, of number, of those who may write, and what
// may not be kept is forgotten.
func TestUploadsHaveLimits(t *testing.T) {
	t.Parallel()
	w := testkit.New(t, testkit.Options{Config: func(c *config.Config) { c.LimitFileMB, c.LimitFiles, c.LimitUploads = 1, 1, 6 }})
	room := makeRoom(w, "Room")
	path := testkit.Path("/rooms/%s/attachments", room.ID)
	w.As("member").Post(path, words{"name": "x.txt", "size": 1_000_001}).Problem(413, "file-too-large")
	w.As("member").Post(path, words{"name": "x.txt", "size": 0}).Problem(422, "invalid")
	w.As("outsider").Post(path, words{"name": "x.txt", "size": 1}).Problem(404, "not-found")
	u := start(w, "member", room.ID, "x.txt", 5)
	put(w, "member", u.ID, 0, []byte("more than five")).Problem(422, "invalid")
	tooMuch(w, u.ID)
	put(w, "member", u.ID, 0, []byte("<svg>")).Problem(415, "file-kind")
	w.As("member").Get(testkit.Path("/attachments/%s", u.ID)).Problem(404, "not-found")
	for range 3 {
		u = start(w, "member", room.ID, "x.txt", 5)
	}
	w.As("member").Post(path, words{"name": "x.txt", "size": 1}).Problem(409, "too-many-files")
	w.As("member").Delete(testkit.Path("/attachments/%s", u.ID)).Expect(204)
	start(w, "member", room.ID, "x.txt", 5)
	w.As("member").Post(path, words{"name": "x.txt", "size": 1}).Problem(429, "too-many")
	if _, err := w.DB.Exec(`update memberships set muted_until = now() + interval '1 hour' where account_id = $1`, w.As("facilitator").ID); err != nil {
		t.Fatal(err)
	}
	w.As("facilitator").Post(path, words{"name": "x.txt", "size": 1}).Problem(403, "muted")
	// A page of somebody else's cannot send bytes with a person's cookie.
	r, err := http.NewRequestWithContext(t.Context(), "PUT", w.URL+testkit.Path("/attachments/%s/content?offset=0", u.ID), strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/octet-stream")
	r.Header.Set("Origin", "https://elsewhere.example")
	r.AddCookie(&http.Cookie{Name: "guildhall", Value: w.As("member").Token})
	w.Do(r).Problem(403, "cross-site")
}

// TestForgottenUploads: what nobody sent within a day goes, bytes and all.
func TestForgottenUploads(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC))
	w := testkit.New(t, testkit.Options{Clock: now})
	room := makeRoom(w, "Room")
	sent := upload(w, "member", room.ID, "sent.txt", []byte("sent"))
	sendFiles(w, "member", room.ID, "", sent.ID).Expect(201)
	old := upload(w, "member", room.ID, "old.png", drawing(t, 20))
	half := start(w, "member", room.ID, "half.txt", 10)
	put(w, "member", half.ID, 0, []byte("half")).Expect(200)
	now.Pass(23 * time.Hour)
	fresh := upload(w, "member", room.ID, "fresh.txt", []byte("fresh"))
	sweep := func(files int) {
		t.Helper()
		if err := w.Chat.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, fmt.Sprint(files, " files"), func() bool { w.Drain(); return stored(w) == files })
	}
	sweep(5) // two texts, a picture with its thumbnail, a part
	now.Pass(61 * time.Minute)
	sweep(2)
	for _, gone := range []ids.ID{old.ID, half.ID} {
		w.As("member").Get(testkit.Path("/attachments/%s", gone)).Problem(404, "not-found")
	}
	w.As("member").Get(testkit.Path("/attachments/%s", fresh.ID)).Expect(200)
	w.As("member").Get(testkit.Path("/attachments/%s/content", sent.ID)).Expect(200)
}
