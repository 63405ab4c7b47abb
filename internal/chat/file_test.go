package chat_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"
	"testing"

	"memberpay/internal/chat"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/id"
)

const smallPDF = "%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"

// wide is a picture whose head claims a size that its few bytes do not have.
func wide(t *testing.T, size uint32) []byte {
	raw := picture(t, "png", 1, 1)
	head := bytes.Clone(raw)
	binary.BigEndian.PutUint32(head[16:], size)
	binary.BigEndian.PutUint32(head[20:], size)
	binary.BigEndian.PutUint32(head[29:], crc32.ChecksumIEEE(head[12:29]))
	return head
}

func TestCheckFile(t *testing.T) {
	t.Parallel()
	png, jpg := picture(t, "png", 4, 3), picture(t, "jpeg", 4, 3)
	for _, c := range []struct {
		name string
		data []byte
		kind string
		as   string
		err  error
	}{
		{"bill.pdf", []byte(smallPDF), "application/pdf", "bill.pdf", nil},
		{"Photo.PNG", png, "image/png", "Photo.png", nil},
		{"photo.jpeg", jpg, "image/jpeg", "photo.jpeg", nil},
		{`C:\Users\rosa\scan.jpg`, jpg, "image/jpeg", "scan.jpg", nil},
		{"../../etc/passwd.png", png, "image/png", "passwd.png", nil},
		{"a\"; filename=\"b.html\r\nX: y.pdf", []byte(smallPDF), "application/pdf", "a filename=b.htmlX y.pdf", nil},
		{"4242 4242 4242 4242.pdf", []byte(smallPDF), "application/pdf", "[card number removed].pdf", nil},
		{"..pdf", []byte(smallPDF), "application/pdf", "file.pdf", nil},
		{strings.Repeat("ñ", 300) + ".pdf", []byte(smallPDF), "application/pdf", strings.Repeat("ñ", 80) + ".pdf", nil},

		{"bill.pdf", nil, "", "", chat.ErrFileEmpty},
		{"bill.pdf", bytes.Repeat([]byte("x"), chat.MaxFile+1), "", "", chat.ErrFileSize},
		{"page.html", []byte("<html>"), "", "", chat.ErrFileKind},
		{"noending", png, "", "", chat.ErrFileKind},
		{"picture.svg", []byte("<svg onload=alert(1)>"), "", "", chat.ErrFileKind},
		{"lies.png", []byte("<html><script>alert(1)</script>"), "", "", chat.ErrFileLies},
		{"lies.pdf", png, "", "", chat.ErrFileLies},
		{"lies.jpg", []byte("MZ\x90\x00"), "", "", chat.ErrFileLies},
		{"begins.png", []byte("\x89PNG\r\n\x1a\n<script>"), "", "", chat.ErrFileBroken},
		{"begins.jpg", []byte("\xff\xd8\xff\xe0 and no more"), "", "", chat.ErrFileBroken},
		{"begins.pdf", []byte("%PDF-1.7 and no end"), "", "", chat.ErrFileBroken},
		{"bomb.png", wide(t, 60_000), "", "", chat.ErrFilePixels},
	} {
		kind, name, err := chat.CheckFile(chat.Upload{Name: c.name, Data: c.data})
		if kind != c.kind || name != c.as || !errors.Is(err, c.err) {
			t.Errorf("%q: %q, %q, %v; want %q, %q, %v", c.name, kind, name, err, c.kind, c.as, c.err)
		}
	}
}

// TestFile comes back as it was sent, to this conversation alone, and lies in the database unreadable.
func TestFile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRoom(t, d)
		c, _ := r.begin("Hello")
		data := []byte("%PDF-1.7\n" + strings.Repeat("Rosa Quintero ", 40_000) + "\n%%EOF")
		in := chat.Sending{Key: id.Secret(), Side: chat.Member, File: &chat.Upload{Name: "bill.pdf", Data: data}}
		for range 2 {
			_, err := r.chats.Send(t.Context(), r.now, c.ID, in)
			r.must(err)
		}
		list := r.all(c.ID, chat.Member)
		m := list[len(list)-1]
		if len(list) != 2 || m.File == nil || m.File.Name != "bill.pdf" || m.File.Size != int64(len(data)) {
			t.Fatalf("%+v", list)
		}
		_, got, err := r.chats.File(t.Context(), c.ID, m.File.ID)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes come back as %d, %v", len(data), len(got), err)
		}
		other, _ := r.begin("Hello")
		if _, _, err := r.chats.File(t.Context(), other.ID, m.File.ID); !errors.Is(err, chat.ErrNotFound) {
			t.Errorf("another conversation has it: %v", err)
		}
		if n := r.count("SELECT COUNT(*) FROM chat_file_piece"); n < 4 {
			t.Errorf("kept in %d pieces", n)
		}
		var raw []byte
		r.must(d.Read().QueryRowContext(t.Context(), "SELECT data_sealed FROM chat_file_piece WHERE n = 1").Scan(&raw))
		if bytes.Contains(raw, []byte("Quintero")) {
			t.Error("a file lies in the database in clear")
		}
	})
}

func FuzzCheckFile(f *testing.F) {
	f.Add("bill.pdf", []byte(smallPDF))
	f.Add("x.png", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"))
	f.Add("x.jpg", []byte{0xff, 0xd8, 0xff, 0xe0})
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		kind, safe, err := chat.CheckFile(chat.Upload{Name: name, Data: data})
		if err != nil {
			return
		}
		if kind == "" || strings.ContainsAny(safe, "/\\\"\r\n\x00<>") || len([]rune(safe)) > 110 {
			t.Fatalf("%q is taken as %q and called %q", name, kind, safe)
		}
	})
}
