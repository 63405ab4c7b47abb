package sandbox

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	mailSessions  = 32 // sessions at once; more wait to be accepted
	mailPatience  = time.Minute
	mailRcptLimit = 100
)

// listenMail accepts mail on Config.ListenSMTP: plain SMTP without sign-in, for anyone, to anyone.
func (s *Sandbox) listenMail() error {
	ln, err := net.Listen("tcp", s.cfg.ListenSMTP)
	if err != nil {
		return fmt.Errorf("sandbox: listen for mail on %s: %w", s.cfg.ListenSMTP, err)
	}
	s.smtpAddr = ln.Addr()
	s.work(func(ctx context.Context) {
		defer context.AfterFunc(ctx, func() { ln.Close() })()
		var sessions sync.WaitGroup
		defer sessions.Wait()
		room := make(chan struct{}, mailSessions)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			room <- struct{}{}
			sessions.Go(func() {
				defer func() { <-room }()
				defer context.AfterFunc(ctx, func() { conn.Close() })()
				defer conn.Close()
				if err := s.takeMail(conn); err != nil && ctx.Err() == nil {
					s.cfg.Log.Debug("sandbox: mail session ended", "error", err)
				}
			})
		}
	})
	return nil
}

// mailSession is one SMTP conversation.
type mailSession struct {
	s    *Sandbox
	conn net.Conn
	in   *textproto.Reader
	from string
	has  bool // a sender was named, perhaps the empty one
	to   []string
}

func (s *Sandbox) takeMail(conn net.Conn) error {
	m := &mailSession{s: s, conn: conn, in: textproto.NewReader(bufio.NewReader(io.LimitReader(conn, 4*s.cfg.MaxMail)))}
	if err := m.say("220 sandbox ready"); err != nil {
		return err
	}
	for {
		line, err := m.line()
		if err != nil {
			return err
		}
		verb, rest, _ := strings.Cut(line, " ")
		answer, err := m.obey(strings.ToUpper(verb), strings.TrimSpace(rest))
		if err != nil {
			return err
		}
		if err := m.say(answer); err != nil || strings.HasPrefix(answer, "221") {
			return err
		}
	}
}

func (m *mailSession) line() (string, error) {
	if err := m.conn.SetDeadline(time.Now().Add(mailPatience)); err != nil {
		return "", err
	}
	line, err := m.in.ReadLine()
	if err == nil && len(line) > 2000 {
		return "", errors.New("line too long")
	}
	return line, err
}

func (m *mailSession) say(text string) error {
	_, err := io.WriteString(m.conn, text+"\r\n")
	return err
}

func (m *mailSession) reset() { m.from, m.has, m.to = "", false, nil }

// obey carries out one command and returns the answer.
func (m *mailSession) obey(verb, rest string) (string, error) {
	switch verb {
	case "EHLO":
		m.reset()
		return "250-sandbox\r\n250-SIZE " + strconv.FormatInt(m.s.cfg.MaxMail, 10) + "\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 PIPELINING", nil
	case "HELO":
		m.reset()
		return "250 sandbox", nil
	case "MAIL":
		return m.mailFrom(rest), nil
	case "RCPT":
		to, ok := mailPath(rest, "TO:")
		switch {
		case !m.has:
			return "503 Say MAIL first", nil
		case !ok || to == "":
			return "501 Say RCPT TO:<address>", nil
		case len(m.to) >= mailRcptLimit:
			return "452 Too many recipients", nil
		}
		m.to = append(m.to, to)
		return "250 OK", nil
	case "DATA":
		if len(m.to) == 0 {
			return "503 Say MAIL and RCPT first", nil
		}
		return m.data()
	case "RSET":
		m.reset()
		return "250 OK", nil
	case "NOOP":
		return "250 OK", nil
	case "VRFY":
		return "252 Any address is accepted", nil
	case "QUIT":
		return "221 Goodbye", nil
	}
	return "502 Not known here", nil
}

func (m *mailSession) mailFrom(rest string) string {
	from, ok := mailPath(rest, "FROM:")
	if !ok {
		return "501 Say MAIL FROM:<address>"
	}
	for _, p := range strings.Fields(strings.ToUpper(rest)) {
		if size, ok := strings.CutPrefix(p, "SIZE="); ok {
			if n, err := strconv.ParseInt(size, 10, 64); err != nil || n > m.s.cfg.MaxMail {
				return "552 The message is too large"
			}
		}
	}
	m.reset()
	m.from, m.has = from, true
	return "250 OK"
}

// mailPath takes the address out of "FROM:<a@b> SIZE=10".
func mailPath(rest, prefix string) (string, bool) {
	if len(rest) < len(prefix) || !strings.EqualFold(rest[:len(prefix)], prefix) {
		return "", false
	}
	rest = strings.TrimSpace(rest[len(prefix):])
	if !strings.HasPrefix(rest, "<") {
		return "", false
	}
	path, _, ok := strings.Cut(rest[1:], ">")
	return path, ok
}

// data reads the message up to the line with a single dot and stores it before it is acknowledged.
func (m *mailSession) data() (string, error) {
	if err := m.say("354 Go on, end with a dot"); err != nil {
		return "", err
	}
	if err := m.conn.SetDeadline(time.Now().Add(mailPatience)); err != nil {
		return "", err
	}
	var body bytes.Buffer
	dot := m.in.DotReader()
	if _, err := io.Copy(&body, io.LimitReader(dot, m.s.cfg.MaxMail+1)); err != nil {
		return "", err
	}
	tooLarge := int64(body.Len()) > m.s.cfg.MaxMail
	if _, err := io.Copy(io.Discard, dot); err != nil {
		return "", err
	}
	defer m.reset()
	if tooLarge {
		return "552 The message is too large", nil
	}
	id, err := m.s.keepMail(m.from, m.to, body.Bytes())
	if err != nil {
		m.s.cfg.Log.Error("sandbox: keep mail", "error", err)
		return "451 Could not keep the message, try again", nil
	}
	return "250 OK " + id, nil
}
