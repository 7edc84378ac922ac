package seglog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"

	"croft/objectstore/erasure/driveset"
)

// A segment is one file on each drive, log/<id>.seg:
//
//	segment head, to a multiple of the unit | the same again | records
//
// All is lost without the head, and a drive that is alone has no other's; hence
// the second copy. The head is written and synced before the file gets its name, so a file of that
// name has one.
const (
	logDir        = "log"
	segmentSuffix = ".seg"
	spareSuffix   = ".free"
	segmentMagic  = 0x32534243 // "CBS2"
	segmentFixed  = 64         // bytes of the head before the list of live segments
	maxHead       = 16 << 20
)

// Position is a place in the log: where a record stands or the next one goes, its
// number, and what ties it to all before. The zero Position is before everything.
type Position struct {
	Segment uint64
	Offset  int64
	Seq     uint64
	Chain   uint64
}

// segmentHead describes a segment and all that were in use when it began.
type segmentHead struct {
	id   uint64
	size int64
	// prev is where the log ended before this segment: nothing behind it in the
	// segment before counts. Its Seq and Chain are those of this segment's first record.
	prev Position
	live []extent
	// drives is how many the set had; 0 is as many as at its very first.
	drives int
}

// extent is a segment that is in use and where its records end.
type extent struct {
	id  uint64
	end int64
	// unsure says that the last record could not be read when the next segment was
	// begun, and is taken back when that turns out to be for ever.
	unsure bool
	drives int // like the segment head's
}

// An extent's end is a multiple of the unit. As it is written the bits below are
// used: the first for unsure, the next for drives.
const (
	unsureBit   = 1
	drivesShift = 1
	drivesMask  = 0x1f
)

// headDrives is where the drives are in the number that has the segment's size.
const headDrives = 56

// epoch is the opening of the log that wrote a segment. Only that one wrote to it.
func epochOf(id uint64) uint64 { return id >> 32 }

func segmentName(id uint64) string { return fmt.Sprintf("%s/%016x%s", logDir, id, segmentSuffix) }

func spareName(id uint64) string { return fmt.Sprintf("%s/%016x%s", logDir, id, spareSuffix) }

// parseName returns the ID in the name of a file with a suffix.
func parseName(name, suffix string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, suffix)
	if !ok || len(digits) != 16 {
		return 0, false
	}
	id, err := strconv.ParseUint(digits, 16, 64)
	return id, err == nil
}

// length is the number of bytes before the first record.
func (h *segmentHead) length() int64 { return 2 * headCopy(len(h.live)) }

// headCopy is the length of one copy of a head.
func headCopy(live int) int64 { return int64(units(segmentFixed+16*live)) * unit }

func (h *segmentHead) encode(seed uint64) []byte {
	b := make([]byte, h.length())
	binary.LittleEndian.PutUint32(b, segmentMagic)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(h.live)))
	binary.LittleEndian.PutUint64(b[8:], h.id)
	binary.LittleEndian.PutUint64(b[16:], uint64(h.size)|uint64(h.drives)<<headDrives)
	binary.LittleEndian.PutUint64(b[24:], h.prev.Segment)
	binary.LittleEndian.PutUint64(b[32:], uint64(h.prev.Offset))
	binary.LittleEndian.PutUint64(b[40:], h.prev.Seq)
	binary.LittleEndian.PutUint64(b[48:], h.prev.Chain)
	for i, x := range h.live {
		binary.LittleEndian.PutUint64(b[segmentFixed+16*i:], x.id)
		end := uint64(x.end) | uint64(x.drives)<<drivesShift
		if x.unsure {
			end |= unsureBit
		}
		binary.LittleEndian.PutUint64(b[segmentFixed+16*i+8:], end)
	}
	binary.LittleEndian.PutUint64(b[56:], segmentSum(b, len(h.live), seed))
	copy(b[len(b)/2:], b[:len(b)/2])
	return b
}

// segmentSum covers the head but for the sum itself.
func segmentSum(b []byte, live int, seed uint64) uint64 {
	first := xxh3.HashSeed(b[:56], seed)
	return xxh3.HashSeed(b[segmentFixed:segmentFixed+16*live], first)
}

// errOther says that a file has the intact head of another segment than its name says.
var errOther = errors.New("head of another segment")

// readSegmentHead reads and verifies the head of a segment on one drive. whole
// reports whether both copies are intact.
func readSegmentHead(f *driveset.File, id, seed uint64) (h *segmentHead, whole bool, err error) {
	h, err = readHeadCopy(f, 0, id, seed)
	if err == nil {
		_, err := readHeadCopy(f, headCopy(len(h.live)), id, seed)
		return h, err == nil, orBadHead(err)
	}
	if !errors.Is(err, errRecord) {
		return nil, false, err
	}
	// Where the second copy stands only the first one says.
	for at := int64(unit); at <= maxHead; at += unit {
		h, failed := readHeadCopy(f, at, id, seed)
		if failed == nil && headCopy(len(h.live)) == at {
			return h, false, nil
		}
		if failed != nil && !errors.Is(failed, errRecord) && !errors.Is(failed, errOther) {
			if orMissing(failed) == nil {
				break // the file ends
			}
			return nil, false, failed
		}
	}
	return nil, false, err
}

// orBadHead is nil for an error that says that bytes are no head.
func orBadHead(err error) error {
	if errors.Is(err, errRecord) || errors.Is(err, errOther) {
		return nil
	}
	return orMissing(err)
}

// readHeadCopy reads a copy of a segment's head.
func readHeadCopy(f *driveset.File, at int64, id, seed uint64) (*segmentHead, error) {
	b := make([]byte, unit)
	if err := f.ReadFull(b, at); err != nil {
		return nil, err
	}
	live, err := segmentLive(b)
	if err != nil {
		return nil, err
	}
	if n := segmentFixed + 16*live; n > len(b) {
		b = make([]byte, n)
		if err := f.ReadFull(b, at); err != nil {
			if orMissing(err) == nil {
				err = fmt.Errorf("%w: segment head is longer than the file", errRecord)
			}
			return nil, err
		}
	}
	return parseSegmentHead(b, id, seed)
}

// segmentLive returns how many segments a head mentions, from its first bytes.
func segmentLive(b []byte) (int, error) {
	if len(b) < segmentFixed || binary.LittleEndian.Uint32(b) != segmentMagic {
		return 0, fmt.Errorf("%w: segment head", errRecord)
	}
	live := binary.LittleEndian.Uint32(b[4:])
	if live > (maxHead-segmentFixed)/16 {
		return 0, fmt.Errorf("%w: segment head of %d segments", errRecord, live)
	}
	return int(live), nil
}

// parseSegmentHead verifies and decodes a head of which all bytes are there.
func parseSegmentHead(b []byte, id, seed uint64) (*segmentHead, error) {
	live, err := segmentLive(b)
	if err != nil {
		return nil, err
	}
	if len(b) < segmentFixed+16*live || binary.LittleEndian.Uint64(b[56:]) != segmentSum(b, live, seed) {
		return nil, fmt.Errorf("%w: segment head checksum", errRecord)
	}
	if binary.LittleEndian.Uint64(b[8:]) != id {
		return nil, errOther
	}
	size := binary.LittleEndian.Uint64(b[16:])
	h := &segmentHead{
		id: id, size: int64(size &^ (0xff << headDrives)), drives: int(size >> headDrives),
		prev: Position{
			Segment: binary.LittleEndian.Uint64(b[24:]), Offset: int64(binary.LittleEndian.Uint64(b[32:])),
			Seq: binary.LittleEndian.Uint64(b[40:]), Chain: binary.LittleEndian.Uint64(b[48:]),
		},
	}
	for i := range live {
		end := binary.LittleEndian.Uint64(b[segmentFixed+16*i+8:])
		h.live = append(h.live, extent{
			id: binary.LittleEndian.Uint64(b[segmentFixed+16*i:]), end: int64(end &^ (unit - 1)),
			unsure: end&unsureBit != 0, drives: int(end >> drivesShift & drivesMask),
		})
	}
	return h, nil
}

// headOn returns a segment's head as one drive has it.
func (l *Log) headOn(place int, id uint64) (h *segmentHead, err error) {
	err = l.files[place].with(id, func(f *driveset.File) error {
		h, _, err = readSegmentHead(f, id, l.seed)
		return err
	})
	return h, err
}

// head returns a segment's head from the first drive that has it intact, nil when
// none has. silent are the drives that could not be asked.
func (l *Log) head(id uint64) (h *segmentHead, silent driveset.Places) {
	places := l.placesOf(id)
	for place := range l.set.Drives {
		if !places.Has(place) {
			continue
		}
		h, err := l.headOn(place, id)
		if err == nil {
			return h, silent
		}
		if !errors.Is(err, errRecord) && !errors.Is(err, errOther) && orMissing(err) != nil {
			silent = silent.With(place)
		}
	}
	return nil, silent
}

// begin is the position of the first record.
func (h *segmentHead) begin() Position {
	return Position{Segment: h.id, Offset: h.length(), Seq: h.prev.Seq, Chain: h.prev.Chain}
}

// deploymentSeed makes checksums of one deployment's log worthless in another's.
func deploymentSeed(deployment string) uint64 { return xxh3.HashString(deployment) }
