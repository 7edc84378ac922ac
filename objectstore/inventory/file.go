package inventory

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"hash"
	"io"

	"croft/objectstore"
)

// dataFile is what a manifest says of a file.
type dataFile struct {
	Key  string `json:"key"`
	Size int64  `json:"size"`
	MD5  string `json:"MD5checksum"`
}

var errAbandoned = errors.New("the report is given up")

// file is a data file on its way into the store. Nothing is there until it is closed.
type file struct {
	rowWriter
	key  string
	rows int
	pipe *io.PipeWriter
	sum  hash.Hash
	size int64
	done chan error
}

// begin begins a file.
func (r *report) begin(ctx context.Context, key string) *file {
	out, in := io.Pipe()
	f := &file{key: key, pipe: in, sum: md5.New(), done: make(chan error, 1)}
	go func() {
		err := r.put(ctx, key, "application/octet-stream", out, -1)
		_ = out.CloseWithError(errors.Join(err, io.ErrClosedPipe))
		f.done <- err
	}()
	if r.config.Format == Parquet {
		f.rowWriter = newParquet(f, r.columns)
	} else {
		f.rowWriter = newCSV(f)
	}
	return f
}

// Write implements io.Writer for what writes the rows.
func (f *file) Write(p []byte) (int, error) {
	n, err := f.pipe.Write(p)
	_, _ = f.sum.Write(p[:n])
	f.size += int64(n)
	return n, err
}

// end makes the file durable.
func (f *file) end() (dataFile, error) {
	err := f.rowWriter.Close()
	_ = f.pipe.CloseWithError(err) // nil is the end of the file
	// The store says why it could not be written, the pipe only that it could not.
	if stored := <-f.done; stored != nil {
		err = stored
	}
	return dataFile{f.key, f.size, hex.EncodeToString(f.sum.Sum(nil))}, err
}

// abandon leaves nothing of the file.
func (f *file) abandon() error {
	_ = f.pipe.CloseWithError(errAbandoned)
	if err := <-f.done; err != nil && !errors.Is(err, errAbandoned) {
		return err
	}
	return nil
}

// put writes an object of the report.
func (r *report) put(ctx context.Context, key, contentType string, body io.Reader, size int64) error {
	_, err := r.s.source.Put(ctx, objectstore.PutRequest{
		Bucket: r.config.Bucket, Key: key, Body: body, Size: size, Encrypt: r.config.encryption(),
		Attributes: objectstore.Attributes{ContentType: contentType},
	})
	return err
}
