package accesslog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

const (
	current  = "s3-access.log"
	olderFix = "s3-access-" // an older file's number and ".log" follow
	newline  = '\n'
)

// files are the log's files: one that grows, and older ones numbered as they came.
type files struct {
	folder   string
	maxBytes int64
	keep     int

	rotation sync.RWMutex // read-locked by those who look for files, lest one is renamed meanwhile
}

// write appends whole lines. No file stays open, so that whoever tends the folder
// may move or delete what lies there.
func (f *files) write(text []byte) error {
	file, size, err := f.open()
	if err != nil {
		return err
	}
	if size > 0 && size+int64(len(text)) > f.maxBytes {
		if err := file.Close(); err != nil {
			return err
		}
		// Where the file cannot be moved it grows on; the next write tries again.
		_ = f.rotate()
		if file, size, err = f.open(); err != nil {
			return err
		}
	}
	if torn(file, size) {
		if _, err := file.Write([]byte{newline}); err != nil {
			return errors.Join(err, file.Close())
		}
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

func (f *files) open() (*os.File, int64, error) {
	file, err := os.OpenFile(filepath.Join(f.folder, current), os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	return file, info.Size(), nil
}

// torn reports whether the last write into a file stopped in the middle of a line.
func torn(file *os.File, size int64) bool {
	var last [1]byte
	if size == 0 {
		return false
	}
	_, err := file.ReadAt(last[:], size-1)
	return err == nil && last[0] != newline
}

// rotate numbers the file that grew and removes the oldest.
func (f *files) rotate() error {
	f.rotation.Lock()
	defer f.rotation.Unlock()
	older, err := f.older()
	if err != nil {
		return err
	}
	next := following(older)
	if err := os.Rename(filepath.Join(f.folder, current), f.path(next)); err != nil {
		return err
	}
	older = append(older, next)
	for _, n := range older[:max(0, len(older)-f.keep)] {
		err = errors.Join(err, os.Remove(f.path(n)))
	}
	return err
}

// older returns the numbers of the older files, ascending.
func (f *files) older() ([]int64, error) {
	entries, err := os.ReadDir(f.folder)
	if err != nil {
		return nil, err
	}
	var numbers []int64
	for _, entry := range entries {
		digits, ok := strings.CutPrefix(entry.Name(), olderFix)
		digits, ok2 := strings.CutSuffix(digits, ".log")
		if n, err := strconv.ParseInt(digits, 10, 64); ok && ok2 && err == nil && filepath.Base(f.path(n)) == entry.Name() {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// following is the number that the growing file has, or will have.
func following(older []int64) int64 {
	if len(older) == 0 {
		return 1
	}
	return older[len(older)-1] + 1
}

func (f *files) path(number int64) string {
	return filepath.Join(f.folder, fmt.Sprintf("%s%08d.log", olderFix, number))
}

// section is a file of the log, as long as it was when it was looked for.
type section struct {
	number int64
	file   *os.File
	size   int64
}

// sections opens the files numbered at most last, the newest first; 0 is all. The
// caller closes each.
func (f *files) sections(last int64) ([]section, error) {
	f.rotation.RLock()
	defer f.rotation.RUnlock()
	older, err := f.older()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []section
	numbers := append(older, following(older))
	for i := len(numbers) - 1; i >= 0; i-- {
		n, path := numbers[i], f.path(numbers[i])
		if i == len(numbers)-1 {
			path = filepath.Join(f.folder, current)
		}
		if last > 0 && n > last {
			continue
		}
		file, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, errors.Join(err, closeAll(found))
		}
		size, err := file.Seek(0, io.SeekEnd)
		found = append(found, section{number: n, file: file, size: size})
		if err != nil {
			return nil, errors.Join(err, closeAll(found))
		}
	}
	return found, nil
}

func closeAll(sections []section) error {
	var err error
	for _, s := range sections {
		err = errors.Join(err, s.file.Close())
	}
	return err
}
