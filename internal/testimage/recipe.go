package testimage

import (
	"archive/tar"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
)

// errIngredient says that this machine lacks what an image is made from.
var errIngredient = errors.New("an image for tests cannot be made here")

// version is part of every hash: raise it when a recipe changes.
const version = "1"

// recipe is how an image is made: one layer, written as a tar stream.
type recipe struct {
	name  string
	hash  string
	env   []string
	write func(*layer) error
}

// build makes the image unless it is there already.
func (r recipe) build(ctx context.Context, api *client.Client, name, label string) error {
	switch _, err := api.ImageInspect(ctx, name); {
	case err == nil:
		return nil
	case !cerrdefs.IsNotFound(err):
		return err
	}
	pr, pw := io.Pipe()
	written := make(chan error, 1)
	go func() {
		buffered := bufio.NewWriterSize(pw, 1<<20)
		l := &layer{out: tar.NewWriter(buffered)}
		err := errors.Join(r.write(l), l.out.Close(), buffered.Flush())
		_ = pw.CloseWithError(err)
		written <- err
	}()
	changes := []string{"LABEL " + label, `CMD ["/bin/sh"]`}
	for _, e := range r.env {
		changes = append(changes, "ENV "+e)
	}
	body, err := api.ImageImport(ctx, image.ImportSource{Source: pr, SourceName: "-"}, name, image.ImportOptions{Changes: changes})
	if err == nil {
		err = answer(body)
	}
	_ = pr.Close()
	return errors.Join(err, ignoreClosed(<-written))
}

// answer reads the engine's messages to the end and returns the failure among them.
func answer(body io.ReadCloser) error {
	defer func() { _ = body.Close() }()
	for dec := json.NewDecoder(body); ; {
		var m struct{ Error string }
		if err := dec.Decode(&m); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if m.Error != "" {
			return errors.New(m.Error)
		}
	}
}

func ignoreClosed(err error) error {
	if errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	return err
}

// layer writes the entries of an image's only layer.
type layer struct{ out *tar.Writer }

func (l *layer) dir(name string, mode int64) error {
	return l.out.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: mode, ModTime: time.Unix(0, 0)})
}

func (l *layer) link(name, target string) error {
	return l.out.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777, ModTime: time.Unix(0, 0)})
}

func (l *layer) text(name, content string) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(content)), ModTime: time.Unix(0, 0)}
	if err := l.out.WriteHeader(h); err != nil {
		return err
	}
	_, err := io.WriteString(l.out, content)
	return err
}

func (l *layer) file(name, source string) error {
	f, err := os.Open(source)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	mode := int64(0o644)
	if info.Mode()&0o111 != 0 {
		mode = 0o755
	}
	h := &tar.Header{Typeflag: tar.TypeReg, Name: path.Clean(name), Mode: mode, Size: info.Size(), ModTime: info.ModTime()}
	if err := l.out.WriteHeader(h); err != nil {
		return err
	}
	if _, err := io.Copy(l.out, f); err != nil {
		return fmt.Errorf("add %s: %w", source, err)
	}
	return nil
}
