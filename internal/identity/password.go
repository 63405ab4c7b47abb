package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost of one hash: 19 MiB and two passes (the OWASP minimum for argon2id), one thread.
const (
	hashTime   = 2
	hashMemory = 19 * 1024
	hashLength = 32
)

// hashing bounds how many hashes run at once, so that a flood of sign-ins leaves the processor to payments.
type hashing chan struct{}

func (h hashing) run(ctx context.Context, fn func()) error {
	select {
	case h <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-h }()
	fn()
	return nil
}

// hash returns password as "argon2id$time$memory$salt$key".
func hash(password string) string {
	salt := make([]byte, 16)
	rand.Read(salt)
	key := argon2.IDKey([]byte(password), salt, hashTime, hashMemory, 1, hashLength)
	return fmt.Sprintf("argon2id$%d$%d$%s$%s", hashTime, hashMemory, base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// matches reports whether password made stored. A stored value it cannot read matches nothing, after the same work.
func matches(stored, password string) bool {
	var time, memory uint32
	salt, want := make([]byte, 16), make([]byte, hashLength)
	parts := strings.Split(stored, "$")
	ok := len(parts) == 5 && parts[0] == "argon2id"
	if ok {
		_, err1 := fmt.Sscan(parts[1], &time)
		_, err2 := fmt.Sscan(parts[2], &memory)
		s, err3 := base64.RawStdEncoding.DecodeString(parts[3])
		k, err4 := base64.RawStdEncoding.DecodeString(parts[4])
		ok = err1 == nil && err2 == nil && err3 == nil && err4 == nil && len(k) == hashLength && time > 0 && time < 100 && memory < 1<<21
		if ok {
			salt, want = s, k
		}
	}
	if !ok {
		time, memory = hashTime, hashMemory
	}
	got := argon2.IDKey([]byte(password), salt, time, memory, 1, hashLength)
	return subtle.ConstantTimeCompare(got, want) == 1 && ok
}
