// Package id makes identifiers: prefixed row ids, confirmation numbers and pay codes, and folds what people type so
// that any number ever printed on a bill is found however it is written.
package id

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strings"

	"github.com/google/uuid"
)

var enc = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// New returns a row id such as "bill_06f3...": the prefix and 26 characters of a time-ordered random UUID (version 7).
func New(prefix string) string {
	u := uuid.Must(uuid.NewV7())
	return prefix + "_" + enc.EncodeToString(u[:])
}

// Secret returns 32 random bytes as text, for session cookies and links.
func Secret() string {
	var b [32]byte
	rand.Read(b[:])
	return enc.EncodeToString(b[:])
}

// Digest is the form in which a Secret is kept where it has to be known again: its SHA-256, in hex. A Secret has too many
// possibilities to be found from it.
func Digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// alphabet has 29 symbols, a prime, without vowels (no words appear) and without 0 and 1 (nothing to confuse).
const alphabet = "23456789BCDFGHJKLMNPQRSTVWXYZ"

// check returns the check character of s: the weighted sum modulo 29. A prime modulus with distinct weights finds
// every single wrong character and every swap of two neighbours. It returns 0 where s has a foreign character.
func check(s string) byte {
	sum := 0
	for i := 0; i < len(s); i++ {
		v := strings.IndexByte(alphabet, s[i])
		if v < 0 {
			return 0
		}
		sum += (i + 2) * v
	}
	return alphabet[sum%29]
}

// Confirmation returns a confirmation number: nine random characters and a check character, without separators.
func Confirmation() string {
	var raw [16]byte
	out := make([]byte, 0, 10)
	for len(out) < 9 {
		rand.Read(raw[:])
		for _, b := range raw {
			if b < 232 && len(out) < 9 { // 232 = 8*29: keeps every symbol equally likely
				out = append(out, alphabet[b%29])
			}
		}
	}
	return string(append(out, check(string(out))))
}

// Grouped writes a confirmation number or pay code in groups people can read aloud: "K7Q-M4T-2X9P", "BCDF-2345".
func Grouped(s string) string {
	switch len(s) {
	case 8:
		return s[:4] + "-" + s[4:]
	case 10:
		return s[:3] + "-" + s[3:6] + "-" + s[6:]
	}
	return s
}

const payCodeSpace = 29 * 29 * 29 * 29 * 29 * 29 * 29 // 29^7 codes, about 17 billion

// PayCode turns the n-th bill (0 <= n < 29^7) into its 8-character pay code: seven characters and a check character.
// It is a keyed permutation (a balanced Feistel network, cycle-walked), so no two bills share a code and neighbours
// do not look alike.
func PayCode(key [32]byte, n uint64) string {
	x := n % payCodeSpace
	for {
		x = feistel(key, x)
		if x < payCodeSpace {
			break
		}
	}
	var out [7]byte
	for i := 6; i >= 0; i-- {
		out[i] = alphabet[x%29]
		x /= 29
	}
	return string(out[:]) + string(check(string(out[:])))
}

// feistel permutes 36-bit numbers, the smallest even width that holds 29^7.
func feistel(key [32]byte, x uint64) uint64 {
	const half, mask = 18, 1<<18 - 1
	l, r := x>>half, x&mask
	for round := range 6 {
		k := uint64(0)
		for i := range 5 {
			k = k<<8 | uint64(key[(round*5+i)%32])
		}
		f := (r + k) * 0x9E3779B97F4A7C15
		f ^= f >> 29
		f = (f + k) * 0xBF58476D1CE4E5B9
		f ^= f >> 32
		l, r = r, l^(f&mask)
	}
	return l<<half | r
}

// Checked reports whether s is a well-formed pay code or confirmation number: the right characters and check character.
func Checked(s string) bool {
	if len(s) != 8 && len(s) != 10 {
		return false
	}
	c := check(s[:len(s)-1])
	return c != 0 && c == s[len(s)-1]
}

// Unfold turns what a person typed into the form of a pay code or confirmation number: upper case, no separators.
func Unfold(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 32
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, s)
}

// Fold is the look-up form of any printed number: upper case, letters and digits only, look-alikes made one
// (O is 0, I and L are 1), leading zeros dropped. Two spellings of one number fold alike. "" means nothing usable.
func Fold(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z':
			r -= 32
		case r >= '０' && r <= '９':
			r = '0' + r - '０'
		}
		switch {
		case r == 'O':
			r = '0'
		case r == 'I' || r == 'L':
			r = '1'
		}
		if (r >= 'A' && r <= 'Z') || (r >= '0' && r <= '9') {
			if r == '0' && b.Len() == 0 {
				continue
			}
			b.WriteRune(r)
		}
		if b.Len() >= 64 {
			break
		}
	}
	return b.String()
}
