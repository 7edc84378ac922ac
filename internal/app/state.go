package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/gofrs/flock"

	"croft/internal/errs"
	"croft/internal/ids"
)

// stateFolder is the folder of databases, keys and working files, held by a
// lock so that no second process serves it.
type stateFolder struct {
	path string
	lock *flock.Flock
}

// openState makes the folder when it is missing and takes its lock.
func openState(path string) (*stateFolder, error) {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return nil, errs.Newf(errs.Invalid, "state_not_folder", "The state folder %s is a file. Name a folder with --state.", path)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "state_unwritable",
			fmt.Sprintf("The state folder %s cannot be made; check that its parent exists and may be written", path))
	}
	lock := flock.New(filepath.Join(path, "state.lock"))
	held, err := lock.TryLock()
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "state_unwritable",
			fmt.Sprintf("The state folder %s cannot be written: is it read-only or full?", path))
	}
	if !held {
		return nil, errs.Newf(errs.Conflict, "already_running",
			"Another Croft is already running on %s. Stop it first, or give this one folders of its own.", path)
	}
	return &stateFolder{path: path, lock: lock}, nil
}

// sub makes a folder inside the state folder and returns its path.
func (s *stateFolder) sub(name string) (string, error) {
	path := filepath.Join(s.path, name)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return "", fmt.Errorf("make state folder %s: %w", name, err)
	}
	return path, nil
}

func (s *stateFolder) close() error { return s.lock.Unlock() }

// deploymentOf reads which drives a state folder belongs to; empty when it was
// never used.
func deploymentOf(state string) (string, error) {
	known, err := os.ReadFile(filepath.Join(state, deploymentFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		return "", errs.Wrap(err, errs.Invalid, "state_unreadable", fmt.Sprintf("The state folder %s cannot be read; check its permissions", state))
	}
	return strings.TrimSpace(string(known)), nil
}

const deploymentFile = "deployment"

// belongsTo binds the state to the deployment of drives or store: the first start writes
// it down, every later one compares.
func (s *stateFolder) belongsTo(deployment string) error {
	known, err := deploymentOf(s.path)
	switch {
	case err != nil:
		return err
	case known == deployment:
		return nil
	case known != "":
		return errs.Newf(errs.Conflict, "state_of_another",
			"The state folder %s belongs to other drives, or another store, than the ones given. Start Croft with those it was made with, or name another folder with --state.", s.path)
	}
	return writeDurably(filepath.Join(s.path, deploymentFile), []byte(deployment+"\n"))
}

// instanceID names this Croft to engines that several may share. It stays the
// same for the life of the state folder.
func (s *stateFolder) instanceID() (string, error) {
	path := filepath.Join(s.path, "instance")
	known, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(known)), nil
	}
	if !os.IsNotExist(err) {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	fresh := ids.New()
	return fresh, writeDurably(path, []byte(fresh+"\n"))
}

// writeDurably writes a small file so that after a crash it is whole or absent.
func writeDurably(path string, content []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(content)
	if err == nil {
		err = temp.Sync()
	}
	if closeErr := temp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return syncFolder(filepath.Dir(path))
}
