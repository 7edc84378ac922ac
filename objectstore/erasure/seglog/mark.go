package seglog

import (
	"fmt"

	"croft/objectstore/erasure/driveset"
)

// epochFile holds a drive's mark.
const epochFile = "epoch"

// mark is what a drive knows of the log apart from its segments. An opening that
// has written its epoch to a write quorum knows that no other can have used the
// number, because any two write quorums share a drive.
type mark struct {
	epoch uint64 // of the last opening that wrote to the drive
	used  uint64 // the last segment with records in it at that time
}

func readMark(d *driveset.Drive) (m mark, err error) {
	b, err := d.ReadSmall(epochFile)
	if err != nil {
		return m, err
	}
	if _, err = fmt.Sscanf(string(b), "%d %x\n", &m.epoch, &m.used); err != nil || string(b) != m.String() || m.epoch > maxEpoch {
		return m, fmt.Errorf("%s makes no sense", epochFile)
	}
	return m, nil
}

// maxEpoch is the highest epoch that a segment can have.
const maxEpoch = 1<<32 - 1

func (m mark) String() string { return fmt.Sprintf("%d %016x\n", m.epoch, m.used) }

func writeMark(d *driveset.Drive, m mark) error {
	if err := makeLogDir(d); err != nil {
		return err
	}
	return d.WriteSmall(epochFile, []byte(m.String()))
}

// makeLogDir makes the log's folder unless it is there, durably.
func makeLogDir(d *driveset.Drive) error {
	if err := d.Mkdir(logDir); err != nil {
		return err
	}
	return d.SyncDir(".")
}
