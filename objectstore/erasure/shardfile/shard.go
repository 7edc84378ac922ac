package shardfile

import (
	"errors"
	"io"
	"io/fs"
	"sync"

	"croft/objectstore/erasure/driveset"
)

// tableWindow is how many checksums a reader keeps of each shard.
const tableWindow = 1024

// shard is one drive's file of a body as it is read. It is opened when it is first
// needed and closed by whoever uses it last, so that a drive that does not answer
// keeps nobody from going on.
type shard struct {
	lay    *layout
	drive  *driveset.Drive
	summer summer

	life   sync.Mutex // guards the following 2 fields
	users  int
	closed bool

	asking turn // guards the following fields; held while the drive is asked
	file   *driveset.File
	err    error  // why it cannot be opened
	sums   []byte // of the blocks from first on
	first  int64
}

func newShard(lay *layout, d *driveset.Drive) *shard {
	return &shard{lay: lay, drive: d, summer: newSummer(lay.ID, d.Place), asking: newTurn()}
}

func (s *shard) hold() {
	s.life.Lock()
	defer s.life.Unlock()
	s.users++
}

func (s *shard) release() {
	s.life.Lock()
	defer s.life.Unlock()
	s.users--
	s.closeUnused()
}

// close lets go of the file as soon as nobody uses it. Nobody begins to afterwards.
func (s *shard) close() {
	s.life.Lock()
	defer s.life.Unlock()
	s.closed = true
	s.closeUnused()
}

func (s *shard) closeUnused() {
	if s.closed && s.users == 0 && s.file != nil {
		_ = s.file.Close()
		s.file = nil
	}
}

// read fills p with whole verified blocks from offset on.
func (s *shard) read(p []byte, offset int64) error {
	file, sums, err := s.prepare(offset/BlockBytes, (offset+int64(len(p))+BlockBytes-1)/BlockBytes)
	if err != nil {
		return err
	}
	if err := file.ReadFull(p, offset); err != nil {
		return err
	}
	return s.summer.check(sums, p, offset/BlockBytes)
}

// prepare opens the file and reads the checksums of some blocks.
func (s *shard) prepare(first, end int64) (*driveset.File, []byte, error) {
	s.asking.take()
	defer s.asking.pass()
	if s.file == nil && s.err == nil {
		s.file, s.err = s.drive.Open(s.lay.ID.file())
	}
	if s.err != nil {
		return nil, nil, s.err
	}
	if had := int64(len(s.sums)) / sumBytes; first < s.first || end > s.first+had {
		n := min(max(end-first, tableWindow), s.lay.blocks()-first)
		sums := make([]byte, n*sumBytes)
		if err := s.file.ReadFull(sums, s.lay.shardBytes()+first*sumBytes); err != nil {
			return nil, nil, err
		}
		s.sums, s.first = sums, first
	}
	return s.file, s.sums[(first-s.first)*sumBytes : (end-s.first)*sumBytes], nil
}

// isDamage reports whether an error of read means that the drive is well and
// lacks the bytes, so that they should be put there anew.
func isDamage(err error) bool {
	return errors.Is(err, errShard) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, io.ErrUnexpectedEOF)
}
