package seal

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Master wraps the key of a keyset under a key that lies elsewhere: in a file, in the environment, in a key management
// service. It is safe for concurrent use.
type Master interface {
	// Name tells which key it is and nothing of the key. It is written beside what was wrapped.
	Name() string
	// Wrap encrypts a secret of 32 bytes. Unwrap needs the same about.
	Wrap(ctx context.Context, secret, about []byte) ([]byte, error)
	// Unwrap returns what was wrapped, or an error where it was another key or another about, or was changed.
	Unwrap(ctx context.Context, wrapped, about []byte) ([]byte, error)
}

// masterSize is the size of a master key in bytes: AES-256.
const masterSize = 32

// localMaster is a master key in the memory of this process.
type localMaster struct {
	name string
	aead tink.AEAD
}

// ParseMaster reads a master key: 32 bytes in base64.
func ParseMaster(text string) (Master, error) {
	text = strings.TrimSpace(text)
	key, err := base64.RawStdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "=")))
	if err != nil || len(key) != masterSize {
		return nil, errors.New("a master key is 32 bytes in base64; make one with: memberpay keys master FILE")
	}
	a, err := subtle.NewAESGCM(key)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append([]byte("memberpay master key\n"), key...))
	return &localMaster{"local:" + hex.EncodeToString(sum[:6]), a}, nil
}

func (m *localMaster) Name() string { return m.name }

func (m *localMaster) Wrap(_ context.Context, secret, about []byte) ([]byte, error) {
	return m.aead.Encrypt(secret, about)
}

func (m *localMaster) Unwrap(_ context.Context, wrapped, about []byte) ([]byte, error) {
	return m.aead.Decrypt(wrapped, about)
}

// MakeMaster writes a fresh master key into a new file that its owner alone can read, and returns it. A file that is
// there is never replaced: its key is returned, and made is false.
func MakeMaster(path string) (m Master, made bool, err error) {
	key := make([]byte, masterSize)
	rand.Read(key)
	text := base64.StdEncoding.EncodeToString(key) + "\n"
	switch err := create(path, []byte(text)); {
	case errors.Is(err, os.ErrExist):
		m, err := readMaster(path)
		return m, false, err
	case err != nil:
		return nil, false, fmt.Errorf("make the master key: %w", err)
	}
	m, err = ParseMaster(text)
	return m, true, err
}

func readMaster(path string) (Master, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the master key: %w", err)
	}
	m, err := ParseMaster(string(text))
	if err != nil {
		return nil, fmt.Errorf("master key in %s: %w", path, err)
	}
	return m, nil
}

// MasterAt says where the master key is. Key is the key itself, KeyFile a file of it; where neither is said it is in the
// file Default, which may have to be made. Before and BeforeFile are the key of before, while it is being changed.
type MasterAt struct {
	Key, KeyFile       string
	Before, BeforeFile string
	Default            string
}

// Masters are the master keys that a program knows: one wraps, all of them unwrap.
type Masters struct {
	now    Master // nil where it still has to be made
	others []Master
	path   string // the file to make it in
}

// Load reads the master keys and makes none. A setting that cannot work is an error that says what to do.
func (at MasterAt) Load() (*Masters, error) {
	out := &Masters{path: at.Default}
	var err error
	if out.now, err = oneMaster("MEMBERPAY_MASTER_KEY", at.Key, at.KeyFile); err != nil {
		return nil, err
	}
	if out.now == nil {
		out.now, err = readMaster(at.Default)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	before, err := oneMaster("MEMBERPAY_MASTER_KEY_BEFORE", at.Before, at.BeforeFile)
	if err != nil {
		return nil, err
	}
	if before != nil {
		out.others = append(out.others, before)
	}
	return out, nil
}

// oneMaster reads a master key from a setting or from the file that another one names. It returns nil where neither is set.
func oneMaster(setting, key, file string) (Master, error) {
	switch {
	case key != "" && file != "":
		return nil, fmt.Errorf("%s and %s_FILE are both set; set one of them", setting, setting)
	case key != "":
		m, err := ParseMaster(key)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", setting, err)
		}
		return m, nil
	case file != "":
		m, err := readMaster(file)
		if err != nil {
			return nil, fmt.Errorf("%s_FILE: %w", setting, err)
		}
		return m, nil
	}
	return nil, nil
}

// Make makes the default file where there is no master key, and reports whether it did. Call it only where nothing is
// wrapped yet.
func (m *Masters) Make() (made bool, err error) {
	if m.now != nil {
		return false, nil
	}
	m.now, made, err = MakeMaster(m.path)
	return made, err
}

// Unmake takes back what Make has made, where it turned out that another key is in use.
func (m *Masters) Unmake() error {
	m.now = nil
	return os.Remove(m.path)
}

// Now is the master key that wraps, nil where it still has to be made.
func (m *Masters) Now() Master { return m.now }

// Names are the names of all keys, the one that wraps first.
func (m *Masters) Names() []string {
	var out []string
	for _, one := range m.all() {
		out = append(out, one.Name())
	}
	return out
}

func (m *Masters) all() []Master {
	if m.now == nil {
		return m.others
	}
	return append([]Master{m.now}, m.others...)
}

// ErrMaster means that something is wrapped under a master key that this program does not have.
var ErrMaster = errors.New("wrong master key")

// named returns the master key with a name, or an ErrMaster that says what to do.
func (m *Masters) named(name string) (Master, error) {
	all := m.all()
	if i := slices.IndexFunc(all, func(one Master) bool { return one.Name() == name }); i >= 0 {
		return all[i], nil
	}
	has := "there is none here"
	if len(all) > 0 {
		has = "here is " + strings.Join(m.Names(), " and ")
	}
	return nil, fmt.Errorf("%w: the keyset is wrapped under the master key %s, and %s. Set MEMBERPAY_MASTER_KEY or "+
		"MEMBERPAY_MASTER_KEY_FILE to that key, or restore %s from a backup or from another server; while the master key is "+
		"being changed, set MEMBERPAY_MASTER_KEY_BEFORE to the earlier one", ErrMaster, name, has, m.path)
}
