package erasure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"croft/objectstore"
)

// scan reads every record of every drive, the drives side by side, and returns
// the versions with who holds them. A drive that cannot be listed goes offline.
func (s *Store) scan(ctx context.Context) (map[file]*version, error) {
	found := make([]scanned, len(s.drives))
	_, _ = s.onDrives(s.readableDrives(), func(d *drive) error {
		sc, err := d.scan(ctx, s.geometry)
		if err != nil {
			d.setOffline(err)
			return err
		}
		found[d.place] = sc
		return nil
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	versions := make(map[file]*version)
	for i, sc := range found {
		for f, rec := range sc.records {
			v := versions[f]
			if v == nil {
				v = &version{rec: rec, file: f}
				versions[f] = v
			}
			v.holders = v.holders.with(i)
		}
	}
	for i, sc := range found {
		for _, f := range sc.damaged {
			if v := versions[f]; v != nil {
				v.damaged = v.damaged.with(i)
			}
		}
	}
	return versions, nil
}

func (d *drive) setOffline(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state = objectstore.DriveOffline
	d.reason = d.path + " could not be read completely. Check the drive and start again."
	d.log.Error("drive offline", "path", d.path, "error", err)
}

// scanned is what a drive holds: intact records, and files that are not intact or
// not where they belong. Those count as lost and are left to healing.
type scanned struct {
	records map[file]*record
	damaged []file
}

func (d *drive) scan(ctx context.Context, g geometry) (scanned, error) {
	sc := scanned{records: make(map[file]*record)}
	root := d.join(storeDir, versionsDir)
	folders, err := os.ReadDir(root)
	if err != nil {
		return sc, err
	}
	for _, folder := range folders {
		if err := ctx.Err(); err != nil {
			return sc, err
		}
		entries, err := os.ReadDir(filepath.Join(root, folder.Name()))
		if err != nil {
			return sc, err
		}
		for _, e := range entries {
			f, ok := parseFile(folder.Name(), e.Name())
			if !ok {
				continue
			}
			rec, err := d.readRecord(f)
			if err == nil && !rec.fits(f, d.place, g) {
				err = fmt.Errorf("%w: belongs elsewhere", errShardFile)
			}
			if err == nil {
				sc.records[f] = rec
				continue
			}
			if !errors.Is(err, errShardFile) && d.check("read", err) != nil && d.writable() {
				return sc, err // not the disk's fault, so not a damaged file
			}
			d.log.Warn("shard damaged", "drive", d.path, "file", f.folder+"/"+f.base(), "error", err)
			sc.damaged = append(sc.damaged, f)
		}
	}
	return sc, nil
}

// fits reports whether a record is the one that belongs at a place.
func (r *record) fits(f file, place int, g geometry) bool {
	return r.id == f.id && r.folder() == f.folder && r.place == place &&
		r.data == g.data && r.parity == g.parity && r.chunk == g.chunk
}

func (d *drive) readRecord(f file) (*record, error) {
	if err := d.injected("read"); err != nil {
		return nil, err
	}
	h, err := openShared(d.versionPath(f))
	if err != nil {
		return nil, err
	}
	defer func() { _ = h.Close() }()
	st, err := h.Stat()
	if err != nil {
		return nil, err
	}
	return readRecord(h, st.Size())
}
