package masterkey

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"croft/internal/errs"
	"croft/internal/seal"
)

// What a ring refuses with.
var (
	ErrMissing = errs.New(errs.Unavailable, "master_key_missing",
		"This is encrypted under a master key that Croft does not have. Bring back its key file or environment variable.")
	ErrBroken = errs.New(errs.Internal, "object_key_broken",
		"The key of this object was altered and cannot be opened.")
	ErrCommand = errs.New(errs.Unavailable, "key_command_failed",
		"The key command does not answer as it should, so what is encrypted cannot be read or written. The log has the details.")
)

// Config says where keys come from.
type Config struct {
	// Folder is where the file of keys is, or will be; it exists.
	Folder string
	// Keys are keys in hex or base64, separated by commas, 32 bytes each. When there
	// are any, new seals are made under the first and none is made.
	Keys string
	// Command, when set, is a program and its arguments, separated by spaces. It gets
	// "encrypt" or "decrypt" as a last argument and bytes to turn into others on its
	// standard input.
	Command string
	Logger  *slog.Logger // nil is none
}

// Ring seals and opens. It is safe for concurrent use.
type Ring struct {
	file    keyFile
	log     *slog.Logger
	given   []*key // from the configuration
	command command

	mu     sync.Mutex // guards loaded and keys
	loaded bool
	keys   []*key // all: those given, then those of the file in order
}

// New makes a ring. It touches no file and refuses keys that are none.
func New(cfg Config) (*Ring, error) {
	r := &Ring{file: keyFile{cfg.Folder}, log: cfg.Logger, command: strings.Fields(cfg.Command)}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	for text := range strings.SplitSeq(cfg.Keys, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		raw, ok := parseKey(text)
		if !ok {
			return nil, errs.New(errs.Invalid, "master_key_invalid",
				"A master key has 32 bytes, written in hex or base64. One of those in CROFT_KMS_MASTER_KEY has not.")
		}
		r.given = append(r.given, openKey(raw))
	}
	return r, nil
}

func parseKey(text string) (raw [seal.KeySize]byte, ok bool) {
	for _, decode := range []func(string) ([]byte, error){
		hex.DecodeString, base64.StdEncoding.DecodeString, base64.RawStdEncoding.DecodeString,
		base64.URLEncoding.DecodeString, base64.RawURLEncoding.DecodeString,
	} {
		if b, err := decode(text); err == nil && len(b) == seal.KeySize {
			return [seal.KeySize]byte(b), true
		}
	}
	return raw, false
}

// key is one master key, which may have to be unwrapped before it is used.
type key struct {
	id      string
	wrapped []byte // by the command; nil when sealer was known from the start
	plain   []byte // as the file has it; nil when given or wrapped

	mu       sync.Mutex // guards the following
	sealer   *seal.Sealer
	failure  error // of the last attempt to unwrap it
	failedAt time.Time
}

func openKey(raw [seal.KeySize]byte) *key {
	return &key{id: keyID(raw), sealer: seal.New(raw)}
}

func keyID(raw [seal.KeySize]byte) string {
	mac := hmac.New(sha256.New, raw[:])
	mac.Write([]byte("croft master key id"))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// purpose separates what is sealed here from what the same key may seal elsewhere, and what
// is sealed to one name from all others.
func purpose(name string) string {
	if name == "" {
		return "object key"
	}
	return "object key of " + name
}

// Seal encrypts a small secret under the newest key, which is made when there is
// none. It opens for the same name only; the empty one is a name like others.
func (r *Ring) Seal(ctx context.Context, name string, plain []byte) (keyID string, sealed []byte, err error) {
	k, err := r.current(ctx)
	if err != nil {
		return "", nil, err
	}
	sealer, err := k.open(ctx, r.command)
	if err != nil {
		return "", nil, err
	}
	sealed, err = sealer.Seal(purpose(name), plain)
	return k.id, sealed, err
}

// Open decrypts what Seal made.
func (r *Ring) Open(ctx context.Context, keyID, name string, sealed []byte) ([]byte, error) {
	k, err := r.find(keyID)
	if err != nil {
		return nil, err
	}
	sealer, err := k.open(ctx, r.command)
	if err != nil {
		return nil, err
	}
	plain, err := sealer.Open(purpose(name), sealed)
	if err != nil {
		return nil, errs.Wrap(err, ErrBroken.Kind, ErrBroken.Code, ErrBroken.Message)
	}
	return plain, nil
}

// Renew makes a new key for all that is sealed from now on, and returns its ID. It
// refuses when keys are given in the configuration, where a new one is put first.
func (r *Ring) Renew(ctx context.Context) (keyID string, err error) {
	if len(r.given) > 0 {
		return "", errs.New(errs.Conflict, "master_key_given",
			"The master key comes from CROFT_KMS_MASTER_KEY. Put a new one in front of it there, separated by a comma.")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.load(); err != nil {
		return "", err
	}
	k, err := r.make(ctx)
	if err != nil {
		return "", err
	}
	return k.id, nil
}

// State is which keys there are and where they come from.
type State struct {
	Given   bool   // in the configuration
	Command bool   // keys that are made are kept encrypted by the key command
	File    string // where those are kept
	Keys    int    // all, older ones included
	Current string // ID of the one that new seals are made under; empty while none was needed
}

// State returns that. It makes no key.
func (r *Ring) State() (State, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.load(); err != nil {
		return State{}, err
	}
	st := State{Given: len(r.given) > 0, Command: len(r.command) > 0, File: r.file.path(), Keys: len(r.keys)}
	if k := r.newest(); k != nil {
		st.Current = k.id
	}
	return st, nil
}

// newest is the key that new seals are made under, nil while there is none. The
// caller holds mu and has loaded.
func (r *Ring) newest() *key {
	if len(r.given) > 0 {
		return r.given[0]
	}
	for i := len(r.keys) - 1; i >= 0; i-- {
		if k := r.keys[i]; (k.wrapped != nil) == (len(r.command) > 0) {
			return k
		}
	}
	return nil
}

// current returns the key that new seals are made under.
func (r *Ring) current(ctx context.Context) (*key, error) {
	if len(r.given) > 0 {
		return r.given[0], nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.load(); err != nil {
		return nil, err
	}
	if k := r.newest(); k != nil {
		return k, nil
	}
	return r.make(ctx)
}

// find returns a key by its ID. The file is read again for one that is not known:
// it may have been brought back.
func (r *Ring) find(id string) (*key, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for again := false; ; again = true {
		if err := r.load(); err != nil {
			return nil, err
		}
		for _, k := range r.keys {
			if k.id == id {
				return k, nil
			}
		}
		if again {
			return nil, errs.Newf(ErrMissing.Kind, ErrMissing.Code,
				"This is encrypted under the master key %s, which Croft does not have. Bring back its key file or environment variable.", id)
		}
		r.loaded = false
	}
}

// load reads the file unless that was done. Keys that are known stay as they are.
// The caller holds mu.
func (r *Ring) load() error {
	if r.loaded {
		return nil
	}
	read, err := r.file.read()
	if err != nil {
		return err
	}
	known := make(map[string]*key)
	for _, k := range r.keys {
		known[k.id] = k
	}
	keys := append([]*key(nil), r.given...)
	for _, k := range read {
		if old := known[k.id]; old != nil {
			k = old
		}
		keys = append(keys, k)
	}
	r.keys, r.loaded = keys, true
	return nil
}

// make makes a key and writes it down. The caller holds mu and has loaded.
func (r *Ring) make(ctx context.Context) (*key, error) {
	var raw [seal.KeySize]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return nil, err
	}
	k := openKey(raw)
	if len(r.command) > 0 {
		wrapped, err := r.command.wrap(ctx, raw)
		if err != nil {
			return nil, err
		}
		k.wrapped = wrapped
	} else {
		k.plain = raw[:]
	}
	var all []*key
	for _, old := range r.keys {
		if old.plain != nil || old.wrapped != nil {
			all = append(all, old)
		}
	}
	if err := r.file.write(append(all, k)); err != nil {
		return nil, fmt.Errorf("write master key: %w", err)
	}
	r.keys = append(r.keys, k)
	r.log.Warn("a master key was made: without its file encrypted objects cannot be read, so keep a copy elsewhere",
		"key", k.id, "file", r.file.path())
	return k, nil
}

// retryAfter is how long a command that failed is left alone.
const retryAfter = 5 * time.Second

// open returns what the key seals with.
func (k *key) open(ctx context.Context, c command) (*seal.Sealer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.sealer != nil:
		return k.sealer, nil
	case k.failure != nil && time.Since(k.failedAt) < retryAfter:
		return nil, k.failure
	}
	raw, err := c.unwrap(ctx, k.wrapped)
	if err == nil && keyID(raw) != k.id {
		err = commandError(fmt.Errorf("it decrypts the master key %s to another key", k.id))
	}
	if err != nil {
		if ctx.Err() == nil {
			k.failure, k.failedAt = err, time.Now()
		}
		return nil, err
	}
	k.sealer, k.failure = seal.New(raw), nil
	return k.sealer, nil
}
