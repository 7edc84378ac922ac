package inventory

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/objectstore"
)

var (
	// errStale ends a report whose configuration, or whose bucket, is no more.
	errStale = errors.New("the configuration changed")

	errOwner = errs.New(errs.Forbidden, "inventory_owner", "The bucket that reports go to has another owner now. Name one of the same project.")
)

// stampFormat is how the folder of a report is named.
const stampFormat = "2006-01-02T15-04Z"

// report is one report while it is made.
type report struct {
	s       *Service
	source  objectstore.Bucket
	config  Configuration
	columns []column
	tally   *tally
	stamp   string
	made    time.Time

	open  *file
	files []dataFile
	cells []any
}

// manifest names the files of a report.
type manifest struct {
	SourceBucket      string     `json:"sourceBucket"`
	DestinationBucket string     `json:"destinationBucket"`
	Version           string     `json:"version"`
	CreationTimestamp string     `json:"creationTimestamp"` // unix milliseconds
	FileFormat        string     `json:"fileFormat"`
	FileSchema        string     `json:"fileSchema"`
	Files             []dataFile `json:"files"`
}

// place is what the keys of the configuration's reports begin with.
func (r *report) place() string { return r.config.place(r.source.Name) }

func (r *report) symlinkKey(stamp string) string {
	day, clock, _ := strings.Cut(strings.TrimSuffix(stamp, "Z"), "T")
	return r.place() + "hive/dt=" + day + "-" + clock + "/symlink.txt"
}

func (r *report) dataKey() string {
	ending := ".csv.gz"
	if r.config.Format == Parquet {
		ending = ".parquet"
	}
	return r.place() + "data/" + r.stamp + "-" + ids.New() + ending
}

// run makes the report. After an error nothing of it is there, as far as the store lets
// it be removed; the next report removes what is left.
func (r *report) run(ctx context.Context) (err error) {
	last, err := r.tidy(ctx)
	if err != nil {
		return err
	}
	r.made = r.s.config.Now().UTC()
	at := r.made.Truncate(time.Minute)
	if !at.After(last) {
		at = last.Add(time.Minute) // two reports a minute need two names
	}
	r.stamp = at.Format(stampFormat)
	r.columns = r.config.columns()
	r.cells = make([]any, len(r.columns))
	defer func() {
		if r.open != nil {
			err = errors.Join(err, r.open.abandon())
		}
		if err != nil && ctx.Err() == nil {
			_, again := r.tidy(ctx)
			err = errors.Join(err, again)
		}
	}()
	if err := r.list(ctx); err != nil {
		return err
	}
	if err := r.endFile(); err != nil {
		return err
	}
	if _, err := r.current(ctx); err != nil {
		return err
	}
	return r.publish(ctx)
}

// list writes a row for each object or version.
func (r *report) list(ctx context.Context) error {
	for next := (position{}); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		began := time.Now()
		page, more, err := r.page(ctx, &next)
		if err != nil {
			return err
		}
		if _, err := r.current(ctx); err != nil {
			return err
		}
		for i := range page {
			if err := r.add(ctx, &page[i]); err != nil {
				return err
			}
		}
		r.tally.change(func(st *Status) { st.Listed += int64(len(page)) })
		if !more {
			return nil
		}
		if err := r.s.rest(ctx, time.Since(began)); err != nil {
			return err
		}
	}
}

// position is where a listing goes on.
type position struct{ key, id string }

func (r *report) page(ctx context.Context, at *position) ([]objectstore.Object, bool, error) {
	if r.config.All {
		page, err := r.s.source.ListVersions(ctx, objectstore.ListVersionsRequest{
			Bucket: r.source.Name, Prefix: r.config.Filter, AfterKey: at.key, AfterID: at.id, Limit: r.s.config.page,
		})
		*at = position{page.NextKey, page.NextID}
		return page.Versions, page.Truncated, err
	}
	page, err := r.s.source.List(ctx, objectstore.ListRequest{Bucket: r.source.Name, Prefix: r.config.Filter, After: at.key, Limit: r.s.config.page})
	*at = position{key: page.Next}
	return page.Objects, page.Truncated, err
}

// current returns the bucket, unless it or the configuration is not what the report is
// about, or may not be written where it is to be.
func (r *report) current(ctx context.Context) (objectstore.Bucket, error) {
	is, err := r.s.source.Bucket(ctx, r.source.Name)
	if errors.Is(err, objectstore.ErrBucketNotFound) {
		return is, errStale
	}
	if err != nil {
		return is, err
	}
	if !is.CreatedAt.Equal(r.source.CreatedAt) || is.Documents[DocumentName] != r.source.Documents[DocumentName] {
		return is, errStale
	}
	return is, r.mayWrite(ctx)
}

func (r *report) mayWrite(ctx context.Context) error {
	to, err := r.s.source.Bucket(ctx, r.config.Bucket)
	if errors.Is(err, objectstore.ErrBucketNotFound) {
		err = errs.Newf(errs.NotFound, "inventory_target_missing", "The bucket %s, which reports go to, is not there. Make it again, or name another.", r.config.Bucket)
	}
	if err == nil && to.Owner != r.source.Owner {
		err = errOwner
	}
	return err
}

// add writes a row, into a new file when the last has enough.
func (r *report) add(ctx context.Context, o *objectstore.Object) error {
	if r.open == nil {
		r.open = r.begin(ctx, r.dataKey())
	}
	row := rowOf{Object: o, bucket: r.source.Name}
	if r.s.standing != nil && !o.Marker && r.config.has("ReplicationStatus") {
		var err error
		if row.standing, err = r.s.standing(ctx, o); err != nil {
			return err
		}
	}
	for i := range r.columns {
		r.cells[i] = r.columns[i].of(&row)
	}
	if err := r.open.write(r.cells); err != nil {
		return err
	}
	if r.open.rows++; r.open.rows >= r.s.config.fileRows {
		return r.endFile()
	}
	return nil
}

func (r *report) endFile() error {
	if r.open == nil {
		return nil
	}
	f := r.open
	r.open = nil
	is, err := f.end()
	r.files = append(r.files, is)
	return err
}

// publish names the files: the symlink and the manifest first, and its checksum last.
func (r *report) publish(ctx context.Context) error {
	m := manifest{
		SourceBucket: r.source.Name, DestinationBucket: "arn:aws:s3:::" + r.config.Bucket, Version: "2016-11-30",
		CreationTimestamp: strconv.FormatInt(r.made.UnixMilli(), 10), FileFormat: string(r.config.Format),
		FileSchema: r.config.schemaText(), Files: append([]dataFile{}, r.files...),
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	var links []string
	for _, f := range r.files {
		links = append(links, "s3://"+r.config.Bucket+"/"+f.Key)
	}
	sum := md5.Sum(text)
	folder := r.place() + r.stamp + "/"
	for _, o := range []struct{ key, kind, text string }{
		{r.symlinkKey(r.stamp), "text/plain", strings.Join(links, "\n")},
		{folder + manifestName, "application/json", string(text)},
		{folder + checksumName, "text/plain", hex.EncodeToString(sum[:])},
	} {
		if err := r.put(ctx, o.key, o.kind, bytes.NewReader([]byte(o.text)), int64(len(o.text))); err != nil {
			return err
		}
	}
	return nil
}

const (
	manifestName = "manifest.json"
	checksumName = "manifest.checksum"
)
