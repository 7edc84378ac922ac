package shardfile

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
)

// ID names a body for ever: 8 bytes of Unix nanoseconds, big-endian, and 8 random ones.
type ID [16]byte

// NewID returns an ID whose time is not before the Store was made, whatever
// becomes of the machine's clock.
func (s *Store) NewID() ID {
	var id ID
	binary.BigEndian.PutUint64(id[:], uint64(s.start.UnixNano()+int64(time.Since(s.start))))
	_, _ = rand.Read(id[8:]) // never fails
	return id
}

// ParseID reads what String wrote.
func ParseID(s string) (id ID, ok bool) {
	if len(s) != 2*len(id) || strings.ToLower(s) != s {
		return ID{}, false
	}
	_, err := hex.Decode(id[:], []byte(s))
	return id, err == nil
}

// String returns 32 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Time is when the body was begun.
func (id ID) Time() time.Time { return time.Unix(0, int64(binary.BigEndian.Uint64(id[:]))) }

// Names on a drive. A body that is being healed has its new file beside the old one.
const (
	topFolder  = "bodies"
	healSuffix = ".heal"
)

func (id ID) folder() string { return topFolder + "/" + hex.EncodeToString(id[15:]) }
func (id ID) file() string   { return id.folder() + "/" + id.String() }
