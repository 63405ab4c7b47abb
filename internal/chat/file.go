package chat

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"image"
	_ "image/jpeg" // formats that are taken
	_ "image/png"
	"path"
	"strconv"
	"strings"
	"unicode"

	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/scrub"
)

// Upload is a file that somebody sends.
type Upload struct {
	Name string
	Data []byte
}

// The bounds of a file.
const (
	MaxFile   = 5 << 20 // bytes
	maxPixels = 40_000_000
	maxName   = 80 // characters of its name
	piece     = 128 << 10
)

// Errors of CheckFile.
var (
	ErrFileEmpty  = fault.Field("file", "chat.file.empty")
	ErrFileSize   = fault.Field("file", "chat.file.size")
	ErrFileKind   = fault.Field("file", "chat.file.kind")   // neither PDF nor PNG nor JPEG
	ErrFileLies   = fault.Field("file", "chat.file.lies")   // it is not what its name says
	ErrFileBroken = fault.Field("file", "chat.file.broken") // it begins as one and is none
	ErrFilePixels = fault.Field("file", "chat.file.pixels")
)

// endings are the names that each kind of file goes by.
var endings = map[string][]string{"application/pdf": {".pdf"}, "image/png": {".png"}, "image/jpeg": {".jpg", ".jpeg", ".jpe", ".jfif"}}

// CheckFile returns what kind of file it is and a name for it that is safe to write down, or what is wrong. It believes the
// content, and refuses a file whose name says something else.
func CheckFile(u Upload) (kind, name string, err error) {
	switch {
	case len(u.Data) == 0:
		return "", "", ErrFileEmpty
	case len(u.Data) > MaxFile:
		return "", "", ErrFileSize
	}
	ending := strings.ToLower(path.Ext(strings.ReplaceAll(u.Name, `\`, "/")))
	claimed := ""
	for k, list := range endings {
		for _, e := range list {
			if e == ending {
				claimed = k
			}
		}
	}
	kind = sniff(u.Data)
	switch {
	case claimed == "":
		return "", "", ErrFileKind
	case kind != claimed:
		return "", "", ErrFileLies
	}
	if err := whole(kind, u.Data); err != nil {
		return "", "", err
	}
	return kind, safeName(u.Name, ending), nil
}

// sniff tells from the first bytes what a file is, "" for anything that is not taken.
func sniff(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("%PDF-")):
		return "application/pdf"
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png"
	case bytes.HasPrefix(data, []byte{0xff, 0xd8, 0xff}):
		return "image/jpeg"
	}
	return ""
}

// whole checks that a file is what it begins as: a picture that can be read and is not too large, a PDF that ends as one.
func whole(kind string, data []byte) error {
	if kind == "application/pdf" {
		if !bytes.Contains(data[max(0, len(data)-2048):], []byte("%%EOF")) {
			return ErrFileBroken
		}
		return nil
	}
	c, format, err := image.DecodeConfig(bytes.NewReader(data))
	switch {
	case err != nil || "image/"+format != kind || c.Width <= 0 || c.Height <= 0:
		return ErrFileBroken
	case c.Width > maxPixels/c.Height:
		return ErrFilePixels
	}
	return nil
}

// safeName is a file's name without folders and without what a file system or a header would take for something else.
func safeName(name, ending string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), strings.ContainsRune(`"'<>:|?*;%&$`+"`", r), unicode.Is(unicode.Cf, r):
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, name)
	stem := strings.Trim(strings.TrimSpace(name[:max(0, len(name)-len(ending))]), ". ")
	if r := []rune(stem); len(r) > maxName {
		stem = string(r[:maxName])
	}
	stem, _ = scrub.Cards(stem)
	if stem == "" {
		stem = "file"
	}
	return stem + ending
}

// sealedFile is a file as it is kept.
type sealedFile struct {
	Attachment
	messageID, chatID string
	name              any
	ids               []string
	pieces            [][]byte
}

// sealFile checks a file and seals it, in pieces.
func (s *Chats) sealFile(messageID, chatID string, u Upload) (*sealedFile, error) {
	kind, name, err := CheckFile(u)
	if err != nil {
		return nil, err
	}
	f := &sealedFile{Attachment: Attachment{ID: id.New("cfl"), Name: name, Kind: kind, Size: int64(len(u.Data))}, messageID: messageID, chatID: chatID}
	if f.name, err = s.sealed(fileName, f.ID, name); err != nil {
		return nil, err
	}
	for data := u.Data; len(data) > 0; {
		n := min(piece, len(data))
		key := f.ID + "." + strconv.Itoa(len(f.ids))
		sealed, err := s.Seal.Seal(data[:n], pieceData.Place(key))
		if err != nil {
			return nil, err
		}
		f.ids, f.pieces, data = append(f.ids, key), append(f.pieces, sealed), data[n:]
	}
	return f, nil
}

func (f *sealedFile) keep(ctx context.Context, tx *db.Tx) error {
	if err := tx.Later(ctx, "keep a file", "INSERT INTO chat_file (id, message_id, chat_id, name_sealed, kind, size) VALUES ($1, $2, $3, $4, $5, $6)",
		f.ID, f.messageID, f.chatID, f.name, f.Kind, f.Size); err != nil {
		return err
	}
	for n, data := range f.pieces {
		if err := tx.Later(ctx, "keep a piece of a file", "INSERT INTO chat_file_piece (id, file_id, n, data_sealed) VALUES ($1, $2, $3, $4)", f.ids[n], f.ID, n, data); err != nil {
			return err
		}
	}
	return nil
}

// File returns a file of a conversation with its content, or ErrNotFound.
func (s *Chats) File(ctx context.Context, chatID, fileID string) (Attachment, []byte, error) {
	var f Attachment
	var name []byte
	err := s.DB.Read().QueryRowContext(ctx, "SELECT id, name_sealed, kind, size FROM chat_file WHERE id = $1 AND chat_id = $2", fileID, chatID).Scan(&f.ID, &name, &f.Kind, &f.Size)
	if err == sql.ErrNoRows {
		return Attachment{}, nil, ErrNotFound
	}
	if err != nil {
		return Attachment{}, nil, fmt.Errorf("read a file: %w", err)
	}
	if f.Name, err = s.opened(fileName, f.ID, name); err != nil {
		return Attachment{}, nil, err
	}
	data := make([]byte, 0, f.Size)
	err = db.Each(ctx, s.DB.Read(), "SELECT id, data_sealed FROM chat_file_piece WHERE file_id = $1 ORDER BY n", []any{f.ID}, func(rows *sql.Rows) error {
		var key string
		var sealed []byte
		if err := rows.Scan(&key, &sealed); err != nil {
			return err
		}
		plain, err := s.Seal.Open(sealed, pieceData.Place(key))
		data = append(data, plain...)
		return err
	})
	if err != nil || int64(len(data)) != f.Size {
		return Attachment{}, nil, fmt.Errorf("read a file: %d of %d bytes: %w", len(data), f.Size, err)
	}
	return f, data, nil
}
