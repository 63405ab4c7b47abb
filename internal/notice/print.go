package notice

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"memberpay/internal/event"
	"memberpay/internal/id"
	"memberpay/internal/paper"
)

// print writes a letter into the print folder, as one PDF under the message's own id: no name of a file names a person.
//
// A letter appears whole or not at all, and once, even where whoever prints takes it away before we have noted that it is
// there. It is written to a hidden temporary file, that file's name is noted in the outbox, and then it is renamed. A
// noted temporary file that is gone has been renamed; a letter that is there is never written again.
func (l *Letters) print(ctx context.Context, m event.Message, text wording) error {
	final := filepath.Join(l.Print, m.ID+".pdf")
	if _, err := os.Lstat(final); err == nil {
		return l.clear(m)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	staged := m.Staged
	if staged == "" {
		var err error
		if staged, err = l.stage(ctx, m, text); err != nil {
			return err
		}
	}
	if err := l.at("staged"); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(l.Print, staged), final); errors.Is(err, fs.ErrNotExist) {
		l.Log.Warn("letter was renamed before and taken away; it is not printed again", "message", m.ID)
	} else if err != nil {
		return err
	}
	if err := syncFolder(l.Print); err != nil {
		return err
	}
	if err := l.at("renamed"); err != nil {
		return err
	}
	return l.clear(m)
}

func (l *Letters) at(step string) error {
	if l.crash == nil {
		return nil
	}
	return l.crash(step)
}

// stage writes the temporary file, makes it durable and notes its name. It returns the name that is noted in the end:
// where two processes stage one letter, only one is used.
func (l *Letters) stage(ctx context.Context, m event.Message, text wording) (string, error) {
	var pdf bytes.Buffer
	if text.PDF != nil {
		pdf.Write(text.PDF)
	} else if err := paper.Write(&pdf, l.sheet(m, text)); err != nil {
		return "", fmt.Errorf("%w: %w", err, event.ErrRefused)
	}
	if err := os.MkdirAll(l.Print, 0o750); err != nil {
		return "", err
	}
	name := temporary(m) + id.New("s")
	path := filepath.Join(l.Print, name)
	if err := writeDurably(path, pdf.Bytes()); err != nil {
		os.Remove(path)
		return "", err
	}
	if err := l.at("written"); err != nil {
		return "", err
	}
	noted, err := l.Outbox.Stage(ctx, l.DB, m, name)
	if err != nil {
		return "", err // it may be noted: leave it where it is
	}
	if noted != name {
		os.Remove(path)
	}
	return noted, nil
}

// temporary begins the names of a letter's temporary files.
func temporary(m event.Message) string { return "." + m.ID + ".pdf.tmp-" }

// clear removes temporary files that a crash left behind.
func (l *Letters) clear(m event.Message) error {
	left, err := filepath.Glob(filepath.Join(l.Print, temporary(m)+"*"))
	if err != nil {
		return err
	}
	for _, path := range left {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// writeDurably writes a new file and returns once it is on disk.
func writeDurably(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	if _, err := f.Write(content); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// sheet is a letter on paper, on one page where it quotes nothing. Its address is read through the window of an envelope.
func (l *Letters) sheet(m event.Message, text wording) paper.Document {
	b, w := l.Brand, l.Words.For(m.Language)
	d := paper.Document{Lang: w.Lang() + "-US", Title: text.Subject, Author: b.Name, LogoText: b.Name, Created: m.At,
		Address:    strings.Split(m.Recipient, "\n"),
		Footer:     b.Name + " · " + w.T("mail.questions", "Phone", b.Phone.Display),
		PageFormat: w.T("receipt.page", "Number", "{page}", "Total", "{pages}")}
	fmt.Sscanf(b.Colors.Light.Primary, "#%02x%02x%02x", &d.Accent[0], &d.Accent[1], &d.Accent[2]) // a loaded brand's colors are six hex digits
	if len(b.Offices) > 0 {
		d.Masthead = append(d.Masthead, b.Offices[0].Address...)
	}
	d.Masthead = append(d.Masthead, b.Phone.Display, w.DateIn(m.At, b.Zone()))
	add := func(blocks ...paper.Block) { d.Blocks = append(d.Blocks, blocks...) }
	add(paper.Heading{Level: 1, Text: text.Subject}, paper.Paragraph{Text: text.Hello}, paper.Paragraph{Text: strings.Join(text.Paras, " ")})
	if text.Key != "" {
		add(paper.Highlights{{Label: text.KeyName, Value: text.Key}})
	}
	if len(text.Facts) > 0 {
		var facts paper.Facts
		for _, f := range text.Facts {
			facts = append(facts, paper.Fact{Label: f.Label, Value: f.Value})
		}
		add(facts)
	}
	if text.Link != "" {
		_, shown, _ := strings.Cut(text.LinkURL, "://")
		add(paper.QR{Content: text.LinkURL, Alt: w.T("letter.qr", "Link", shown), Title: text.Link, Text: w.T("letter.qr.how"),
			Link: text.LinkURL, LinkText: strings.TrimSuffix(shown, "/")})
	}
	if text.Quote != "" {
		add(paper.Paragraph{Text: text.QuoteOn}, paper.Paragraph{Text: text.Quote, Quiet: true})
	}
	if text.Alarm != "" {
		add(paper.Callout{Title: text.AlarmOn, Text: text.Alarm})
	}
	for _, s := range text.Small {
		add(paper.Paragraph{Text: s, Quiet: true})
	}
	return d
}
