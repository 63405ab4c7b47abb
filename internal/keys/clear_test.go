package keys

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"

	"memberpay/internal/db"
)

// clearFiles writes keys.json and index.json as an older version did, and one message sealed with them, called "first".
// It returns that version's blind index of "v" in "p".
func clearFiles(t *testing.T, in installation) (index string) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	write := func(name string, template *tinkpb.KeyTemplate) *keyset.Handle {
		h, err := keyset.NewHandle(template)
		check(err)
		var text bytes.Buffer
		check(insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&text)))
		check(os.WriteFile(filepath.Join(in.dir, name), text.Bytes(), 0o600))
		return h
	}
	a, err := aead.New(write("keys.json", aead.AES256GCMKeyTemplate()))
	check(err)
	set, err := prf.NewPRFSet(write("index.json", prf.HMACSHA256PRFKeyTemplate()))
	check(err)
	sealed, err := a.Encrypt([]byte("first@members.example"), []byte("outbox/msg_first/recipient_sealed"))
	check(err)
	check(in.db.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO outbox (id, kind, subject, recipient, recipient_sealed, language, next_at, created_at)
			VALUES ('msg_first', 'test', 'first', '', $1, 'en', 1, 1)`, sealed)
		return err
	}))
	out, err := set.ComputePrimaryPRF([]byte("p\x00v"), 32)
	check(err)
	return hex.EncodeToString(out)
}
