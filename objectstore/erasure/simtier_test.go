package erasure

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
)

// simTier is a tier beside a simulated machine: it goes through crashes with the
// drives and loses nothing by them, and nothing reaches it from a machine that is dead.
type simTier struct{ machine *simdisk.Machine }

// Tier implements objectstore.Tiers: there is one.
func (s simTier) Tier(string) (objectstore.Tier, error) { return s, nil }

func (s simTier) drive() *simdisk.Drive { return s.machine.Drive("tier") }

func (s simTier) Put(_ context.Context, name string, body io.Reader, size int64) error {
	b, err := io.ReadAll(body)
	if err == nil && int64(len(b)) != size {
		err = io.ErrUnexpectedEOF
	}
	if err == nil && s.machine.Crashed() {
		err = simdisk.ErrCrashed
	}
	if err != nil {
		return err
	}
	return s.drive().WriteFile("tier/"+name, b)
}

func (s simTier) Get(_ context.Context, name string, offset, length int64) (io.ReadCloser, error) {
	b, err := s.drive().ReadFile("tier/" + name)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(b[offset : offset+length])), nil
}

func (s simTier) Delete(_ context.Context, name string) error {
	if s.machine.Crashed() {
		return simdisk.ErrCrashed
	}
	err := s.drive().RemoveFile("tier/" + name)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return err
}
