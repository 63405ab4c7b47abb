package identity

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Cost of one hash: 19 MiB and two passes (the OWASP minimum for argon2id), one thread.
const (
	hashTime   = 2
	hashMemory = 19 * 1024
	hashLength = 32
)

// hash returns password as "argon2id$time$memory$salt$key". Keyboards write one letter in several ways: the composed form
// is what is hashed.
func hash(password string) string {
	password = norm.NFC.String(password)
	salt := make([]byte, 16)
	rand.Read(salt)
	key := argon2.IDKey([]byte(password), salt, hashTime, hashMemory, 1, hashLength)
	return stored(salt, key)
}

func stored(salt, key []byte) string {
	return fmt.Sprintf("argon2id$%d$%d$%s$%s", hashTime, hashMemory, base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// decoy is what no password makes: checking one against it is the work of any check. Making it is none.
func decoy() string {
	salt, key := make([]byte, 16), make([]byte, hashLength)
	rand.Read(salt)
	rand.Read(key)
	return stored(salt, key)
}

// matches reports whether password made stored, in the composed form or, as older versions hashed it, just as it was typed.
// How much work that is depends on the password alone.
func matches(stored, password string) bool {
	composed := norm.NFC.String(password)
	ok := made(stored, composed)
	if composed != password {
		ok = made(stored, password) || ok
	}
	return ok
}

// made reports whether password made stored. A stored value it cannot read matches nothing, after the same work.
func made(stored, password string) bool {
	var passes, memory uint32
	salt, want := make([]byte, 16), make([]byte, hashLength)
	parts := strings.Split(stored, "$")
	ok := len(parts) == 5 && parts[0] == "argon2id"
	if ok {
		_, err1 := fmt.Sscan(parts[1], &passes)
		_, err2 := fmt.Sscan(parts[2], &memory)
		s, err3 := base64.RawStdEncoding.DecodeString(parts[3])
		k, err4 := base64.RawStdEncoding.DecodeString(parts[4])
		ok = err1 == nil && err2 == nil && err3 == nil && err4 == nil && len(k) == hashLength && passes > 0 && passes < 100 && memory < 1<<21
		if ok {
			salt, want = s, k
		}
	}
	if !ok {
		passes, memory = hashTime, hashMemory
	}
	got := argon2.IDKey([]byte(password), salt, passes, memory, 1, hashLength)
	return subtle.ConstantTimeCompare(got, want) == 1 && ok
}
