package masterkey

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"croft/internal/errs"
	"croft/internal/seal"
)

// keyFile is the file of keys: a line each, the oldest first, with the key's ID, how
// it is kept ("plain" or "command"), and its bytes in hex.
type keyFile struct{ folder string }

func (f keyFile) path() string { return filepath.Join(f.folder, "objects.keys") }

// read returns the keys; none when there is no file.
func (f keyFile) read() ([]*key, error) {
	text, err := os.ReadFile(f.path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, errs.Wrap(err, errs.Unavailable, "master_key_unreadable", "The file of master keys cannot be read; check its permissions")
	}
	var keys []*key
	for line := range strings.Lines(string(text)) {
		k, ok := parseLine(line)
		if !ok {
			return nil, errs.Newf(errs.Unavailable, "master_key_damaged",
				"The file of master keys %s is damaged. Restore it from a backup: without it what is encrypted cannot be read.", f.path())
		}
		keys = append(keys, k)
	}
	return keys, nil
}

func parseLine(line string) (*key, bool) {
	words := strings.Fields(line)
	if len(words) != 3 || !strings.HasSuffix(line, "\n") {
		return nil, false
	}
	b, err := hex.DecodeString(words[2])
	if err != nil {
		return nil, false
	}
	switch {
	case words[1] == "command":
		return &key{id: words[0], wrapped: b}, true
	case words[1] != "plain" || len(b) != seal.KeySize:
		return nil, false
	}
	k := openKey([seal.KeySize]byte(b))
	k.plain = b
	return k, k.id == words[0]
}

// write replaces the file durably: after a crash there are the old keys, or all.
func (f keyFile) write(keys []*key) error {
	temp, err := os.CreateTemp(f.folder, "new-*.keys") // made with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	for _, k := range keys {
		kind, b := "plain", k.plain
		if k.wrapped != nil {
			kind, b = "command", k.wrapped
		}
		if err == nil {
			_, err = fmt.Fprintf(temp, "%s %s %x\n", k.id, kind, b)
		}
	}
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), f.path()); err != nil {
		return err
	}
	if folder, err := os.Open(f.folder); err == nil {
		// Not every platform can sync a folder; where it can, the name is durable.
		_ = folder.Sync()
		folder.Close()
	}
	return nil
}
