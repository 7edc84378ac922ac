package store

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"croft/internal/errs"
)

// CheckSchema refuses with ErrNewerSchema what Open would refuse for that, but touches
// nothing: it is for looking before anything else is opened, which an older Croft must
// not change either. Where there is no database it is content.
func CheckSchema(dir string, migrations fs.FS) error {
	known, err := listMigrations(migrations)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, FileName)
	version, err := versionOf(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return nil
	case err != nil:
		return errs.Wrap(err, errs.Invalid, "state_unreadable", fmt.Sprintf("The state database %s cannot be read; check its drive and its permissions", path))
	}
	return checkVersion(version, known)
}

// checkVersion refuses a schema that is newer than the migrations that are known.
func checkVersion(current int, known []migration) error {
	newest := 0
	if len(known) > 0 {
		newest = known[len(known)-1].number
	}
	if current <= newest {
		return nil
	}
	return errs.Wrap(fmt.Errorf("schema %d, this program knows %d", current, newest), ErrNewerSchema.Kind, ErrNewerSchema.Code,
		"This data folder was written by a newer version of Croft. Start that version, or restore a backup made before the upgrade")
}

// What is used of SQLite's file formats, https://www.sqlite.org/fileformat2.html. SQLite
// itself cannot read a database with a log without writing files beside it.
const (
	fileMagic     = "SQLite format 3\x00"
	fileHeader    = 100
	versionAt     = 60 // of PRAGMA user_version, in the first page
	logMagic      = 0x377f0682
	logBigEndian  = 1 // in the magic: how the checksums take bytes
	logHeader     = 32
	logSummed     = 24 // bytes of the header that its checksum is over
	frameHeader   = 24
	frameSummed   = 8
	largestOfPage = 1 << 16
)

// versionOf reads PRAGMA user_version of a database that may have been left in the middle
// of work, with commits that are in its log only.
func versionOf(path string) (int, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }()
	head := make([]byte, fileHeader)
	switch _, err := io.ReadFull(file, head); {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return 0, nil // nothing was ever committed
	case err != nil:
		return 0, err
	case !bytes.HasPrefix(head, []byte(fileMagic)):
		return 0, nil // Open says what it is
	}
	version := versionIn(head)
	log, err := os.Open(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return version, nil
	}
	if err != nil {
		return 0, err
	}
	defer func() { _ = log.Close() }()
	newer, found, err := versionInLog(bufio.NewReaderSize(log, largestOfPage))
	if err != nil {
		return 0, err
	}
	if found {
		version = newer
	}
	return version, nil
}

// versionIn takes PRAGMA user_version from a database's first page.
func versionIn(page []byte) int {
	return int(int32(binary.BigEndian.Uint32(page[versionAt:]))) //nolint:gosec // It is a signed number there.
}

// versionInLog takes PRAGMA user_version from the newest first page that a log has
// committed, if it has one. It holds one frame at a time: a log may have grown large.
// Frames of before the log began anew, and those that were not written to their end, have
// other salts or checksums and end it.
func versionInLog(log io.Reader) (version int, found bool, err error) {
	header := make([]byte, logHeader)
	if _, err := io.ReadFull(log, header); err != nil {
		return 0, false, unlessEnd(err)
	}
	magic := binary.BigEndian.Uint32(header)
	size := int(binary.BigEndian.Uint32(header[8:]))
	if magic&^logBigEndian != logMagic || size < fileHeader || size > largestOfPage || size%8 != 0 {
		return 0, false, nil
	}
	var order binary.ByteOrder = binary.LittleEndian
	if magic&logBigEndian != 0 {
		order = binary.BigEndian
	}
	salts := header[16:24]
	sum := checksum{}.over(header[:logSummed], order)
	if !sum.is(header[logSummed:]) {
		return 0, false, nil
	}
	frame := make([]byte, frameHeader+size)
	written, waits := 0, false // not committed yet
	for {
		if _, err := io.ReadFull(log, frame); err != nil {
			return version, found, unlessEnd(err)
		}
		page := frame[frameHeader:]
		sum = sum.over(frame[:frameSummed], order).over(page, order)
		if !bytes.Equal(frame[8:16], salts) || !sum.is(frame[16:]) {
			return version, found, nil
		}
		if binary.BigEndian.Uint32(frame) == 1 {
			written, waits = versionIn(page), true
		}
		if commits := binary.BigEndian.Uint32(frame[4:]) != 0; commits && waits {
			version, found = written, true
		}
	}
}

// unlessEnd is an error of reading; that there is no more is none.
func unlessEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// checksum is that of SQLite's log, which goes on from frame to frame.
type checksum [2]uint32

func (c checksum) over(b []byte, order binary.ByteOrder) checksum {
	for ; len(b) >= 8; b = b[8:] {
		c[0] += order.Uint32(b) + c[1]
		c[1] += order.Uint32(b[4:]) + c[0]
	}
	return c
}

func (c checksum) is(b []byte) bool {
	return c == checksum{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}
}
