package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"croft/internal/errs"
)

// HashCost is what one password hash costs.
type HashCost struct {
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8
	Parallel  int // how many hashes may be computed at once, which bounds the memory
}

const (
	minPassword     = 10
	maxPassword     = 256 // bytes; hashing longer input only costs us time
	minRootPassword = 8   // also an S3 secret key, whose tools demand 8
	hashBytes       = 32
	saltBytes       = 16
)

// checkPassword says what is wrong with a password that somebody chose.
func checkPassword(password, name string, least int) error {
	switch {
	case utf8.RuneCountInString(password) < least:
		return errs.Newf(errs.Invalid, "password_short", "The password needs at least %d characters.", least)
	case len(password) > maxPassword:
		return errs.Newf(errs.Invalid, "password_long", "The password may have at most %d bytes.", maxPassword)
	case !utf8.ValidString(password):
		return errs.New(errs.Invalid, "password_invalid", "The password is not valid text.")
	case strings.EqualFold(password, name):
		return errs.New(errs.Invalid, "password_is_name", "The password must not be the user name.")
	case strings.Count(password, password[:1]) == len(password):
		return errs.New(errs.Invalid, "password_simple", "The password must not be one character repeated.")
	}
	return nil
}

// hasher computes argon2id hashes, a bounded number at a time.
type hasher struct {
	cost  HashCost
	slots chan struct{}
	decoy string // a hash of no one's password, to spend the same time on unknown users
}

func newHasher(cost HashCost) *hasher {
	return &hasher{
		cost: cost, slots: make(chan struct{}, max(1, cost.Parallel)),
		decoy: encodeHash(cost, make([]byte, saltBytes), make([]byte, hashBytes)),
	}
}

// hash returns the PHC string of a password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	sum, err := h.derive(ctx, password, salt, h.cost)
	if err != nil {
		return "", err
	}
	return encodeHash(h.cost, salt, sum), nil
}

// verify reports whether password made encoded, and whether encoded should be
// replaced because it was made at another cost.
func (h *hasher) verify(ctx context.Context, password, encoded string) (ok, stale bool, err error) {
	if encoded == "" { // who has no password cannot be told from who has another
		_, _, err = h.verify(ctx, password, h.decoy)
		return false, false, err
	}
	cost, salt, want, err := decodeHash(encoded)
	if err != nil {
		return false, false, err
	}
	got, err := h.derive(ctx, password, salt, cost)
	if err != nil {
		return false, false, err
	}
	cost.Parallel = h.cost.Parallel
	return subtle.ConstantTimeCompare(got, want) == 1, cost != h.cost, nil
}

func (h *hasher) derive(ctx context.Context, password string, salt []byte, cost HashCost) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), salt, cost.Passes, cost.MemoryKiB, cost.Lanes, hashBytes), nil
}

func encodeHash(cost HashCost, salt, sum []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, cost.MemoryKiB, cost.Passes, cost.Lanes,
		b64.EncodeToString(salt), b64.EncodeToString(sum))
}

func decodeHash(encoded string) (cost HashCost, salt, sum []byte, err error) {
	bad := errs.New(errs.Internal, "hash_unreadable", "A stored password hash is unreadable; an administrator must set a new password.")
	fields := strings.Split(encoded, "$")
	if len(fields) != 6 || fields[1] != "argon2id" {
		return cost, nil, nil, bad
	}
	var version int
	if _, err := fmt.Sscanf(fields[2], "v=%d", &version); err != nil || version != argon2.Version {
		return cost, nil, nil, bad
	}
	if _, err := fmt.Sscanf(fields[3], "m=%d,t=%d,p=%d", &cost.MemoryKiB, &cost.Passes, &cost.Lanes); err != nil || cost.Passes == 0 || cost.Lanes == 0 {
		return cost, nil, nil, bad
	}
	salt, errSalt := base64.RawStdEncoding.DecodeString(fields[4])
	sum, errSum := base64.RawStdEncoding.DecodeString(fields[5])
	if errSalt != nil || errSum != nil || len(sum) != hashBytes {
		return cost, nil, nil, bad
	}
	return cost, salt, sum, nil
}
