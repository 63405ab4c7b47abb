package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"memberpay/internal/db"
)

// header begins the encoding of an entry. Another set of fields gets another number.
const header = "memberpay audit entry 1\n"

// encode appends the one encoding of an entry: the header, then each field as its length in bytes, a colon, its bytes and a
// newline, in the order of the columns; the time is microseconds since 1970 UTC. No two entries have the same encoding.
func (e Entry) encode(b []byte) []byte {
	b = append(b, header...)
	var at [20]byte
	for _, field := range [...]string{e.ID, string(strconv.AppendInt(at[:0], db.Micros(e.At), 10)), e.Actor, e.Role, e.Action, e.Subject, e.Member, e.From, e.Reason, e.Detail} {
		b = strconv.AppendInt(b, int64(len(field)), 10)
		b = append(b, ':')
		b = append(b, field...)
		b = append(b, '\n')
	}
	return b
}

var errEncoding = errors.New("this is not the encoding of an audit entry")

// decode is the inverse of encode. What encode does not write is an error.
func decode(b []byte) (Entry, error) {
	if len(b) < len(header) || string(b[:len(header)]) != header {
		return Entry{}, errEncoding
	}
	rest := string(b[len(header):])
	var e Entry
	var at string
	for _, field := range []*string{&e.ID, &at, &e.Actor, &e.Role, &e.Action, &e.Subject, &e.Member, &e.From, &e.Reason, &e.Detail} {
		n, digits := 0, 0
		for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' && digits < 7 {
			n = n*10 + int(rest[digits]-'0')
			digits++
		}
		if digits == 0 || digits >= len(rest) || rest[digits] != ':' || strconv.Itoa(n) != rest[:digits] {
			return Entry{}, errEncoding
		}
		if rest = rest[digits+1:]; n >= len(rest) || rest[n] != '\n' {
			return Entry{}, errEncoding
		}
		*field, rest = rest[:n], rest[n+1:]
	}
	micros, err := strconv.ParseInt(at, 10, 64)
	if err != nil || strconv.FormatInt(micros, 10) != at || rest != "" {
		return Entry{}, errEncoding
	}
	e.At = db.Time(micros)
	return e, nil
}

// hash is the entry's leaf hash (RFC 6962). buffer is used and may be nil.
func (e Entry) hash(buffer *[]byte) tlog.Hash {
	*buffer = e.encode((*buffer)[:0])
	return tlog.RecordHash(*buffer)
}

// macSize is the length of a leaf's keyed hash.
const macSize = 16

// mac returns the keyed hash that ties an entry's hash to its place.
func (k *Key) mac(seq int64, h tlog.Hash) []byte {
	var place [8]byte
	binary.BigEndian.PutUint64(place[:], uint64(seq))
	m := hmac.New(sha256.New, k.macKey[:])
	m.Write(place[:])
	m.Write(h[:])
	return m.Sum(nil)[:macSize]
}

// when tells the time at the beginning of an entry's id, the zero time for a foreign id. It is what is left of the time of
// an entry that was removed.
func when(entryID string) time.Time {
	if len(entryID) != len("aud_")+26 || entryID[:4] != "aud_" {
		return time.Time{}
	}
	u, err := letters.DecodeString(entryID[4:])
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(u) >> 16)).UTC()
}

// String tells an entry in one line, for a person at a command line.
func (e Entry) String() string {
	s := fmt.Sprintf("%s %s", e.At.Format(time.RFC3339Nano), e.Action)
	for _, part := range []struct{ word, value string }{{"by", e.Actor}, {"as", e.Role}, {"to", e.Subject}, {"of", e.Member}, {"from", e.From}} {
		if part.value != "" {
			s += " " + part.word + " " + part.value
		}
	}
	return s
}
