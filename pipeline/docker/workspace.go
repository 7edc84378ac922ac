package docker

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"path"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"golang.org/x/sync/errgroup"

	"croft/internal/errs"
	"croft/pipeline"
)

// helperImage is an image without a single file. The container that gives access to the
// workspace is made from it: it is never started and need not wait for a pull.
const helperImage = "croft/workspace:1"

// callTimeout bounds calls that go on when their caller gives up, because the
// engine would finish them anyway and leave behind what nobody knows of.
const callTimeout = 2 * time.Minute

// Prepare makes the run's network and its workspace and unpacks files there.
// The first step's image is not needed for that: its pull belongs in that step's
// log. Reading files must end when ctx does.
func (e *Executor) Prepare(ctx context.Context, runID, _ string, files io.Reader) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if strings.Trim(runID, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || runID == "" {
		return errs.Newf(errs.Invalid, "run_id_invalid", "%q cannot be the ID of a run.", runID)
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return e.makeNetwork(gctx, runID) })
	g.Go(func() error {
		if err := e.makeVolume(gctx, runID); err != nil {
			return err
		}
		return e.fill(gctx, runID, files)
	})
	err := g.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (e *Executor) makeNetwork(ctx context.Context, runID string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	_, err := e.api.NetworkCreate(ctx, networkName(runID), network.CreateOptions{Driver: "bridge", Labels: e.labels(runID)})
	if err != nil && strings.Contains(err.Error(), "address pool") {
		return errs.Wrap(err, errs.Unavailable, "engine_networks_exhausted",
			"The Docker engine has no address range left for another network: fewer runs at a time, or larger default-address-pools in its configuration, help.")
	}
	return translate(err, "make the run's network")
}

// makeVolume makes the workspace and the container that gives access to it.
func (e *Executor) makeVolume(ctx context.Context, runID string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	_, err := e.api.VolumeCreate(ctx, volume.CreateOptions{Name: volumeName(runID), Labels: e.labels(runID)})
	if err != nil {
		return translate(err, "make the run's workspace")
	}
	create := func() error {
		_, err := e.api.ContainerCreate(ctx, &container.Config{
			Image:  helperImage,
			Cmd:    []string{"/never-started"},
			Labels: e.labels(runID),
		}, &container.HostConfig{
			NetworkMode: "none",
			Mounts:      []mount.Mount{workspaceMount(runID)},
		}, nil, nil, helperName(runID))
		return err
	}
	err = create()
	if notFound(err) {
		if err := e.importHelper(ctx); err != nil {
			return translate(err, "make the image "+helperImage)
		}
		err = create()
	}
	return translate(err, "open the run's workspace")
}

func workspaceMount(runID string) mount.Mount {
	return mount.Mount{
		Type: mount.TypeVolume, Source: volumeName(runID), Target: pipeline.WorkspacePath,
		VolumeOptions: &mount.VolumeOptions{NoCopy: true},
	}
}

func (e *Executor) importHelper(ctx context.Context) error {
	r, w := io.Pipe()
	go func() {
		t := tar.NewWriter(w)
		_ = t.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: "croft/", Mode: 0o755})
		_ = w.CloseWithError(t.Close())
	}()
	body, err := e.api.ImageImport(ctx, image.ImportSource{Source: r, SourceName: "-"}, helperImage,
		image.ImportOptions{Message: "Croft's access to workspaces"})
	_ = r.Close()
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	return readProgress(body, func(string) {})
}

// fill unpacks files in the workspace. They go in by the container's root with their whole
// path, so that a symbolic link of the repository may point anywhere: it is only followed in a container.
func (e *Executor) fill(ctx context.Context, runID string, files io.Reader) error {
	r, w := io.Pipe()
	failed := make(chan error, 1)
	go func() {
		err := repack(w, files)
		_ = w.CloseWithError(err)
		failed <- err
	}()
	err := e.api.CopyToContainer(ctx, helperName(runID), "/", r, container.CopyToContainerOptions{})
	_ = r.CloseWithError(io.ErrClosedPipe)
	if bad := <-failed; bad != nil && !errors.Is(bad, io.ErrClosedPipe) {
		return bad
	}
	return translate(err, "fill the run's workspace")
}

// repack copies a tar stream for unpacking at the root: below the workspace's path, owned by
// root but writable for every user, since images run as whom they like. It takes files,
// directories and links; other entries have no place in a workspace and are left out.
func repack(dst io.Writer, src io.Reader) error {
	out := tar.NewWriter(dst)
	base := strings.TrimPrefix(pipeline.WorkspacePath, "/")
	root := tar.Header{Typeflag: tar.TypeDir, Name: base + "/", Mode: 0o777, ModTime: time.Now()}
	if err := out.WriteHeader(&root); err != nil {
		return err
	}
	in := tar.NewReader(src)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return out.Close()
		}
		if err != nil {
			return unreadable(err)
		}
		n := tar.Header{Typeflag: h.Typeflag, Size: h.Size, ModTime: h.ModTime, Linkname: h.Linkname}
		switch h.Typeflag {
		case tar.TypeDir:
			n.Mode = 0o777
		case tar.TypeReg:
			n.Mode = 0o666 | h.Mode&0o111
		case tar.TypeSymlink:
			n.Mode = 0o777
		case tar.TypeLink:
			target, ok := inside(h.Linkname)
			if !ok {
				return badName(h.Linkname)
			}
			n.Linkname = path.Join(base, target)
		default:
			continue
		}
		name, ok := inside(h.Name)
		if !ok {
			return badName(h.Name)
		}
		if name == "." {
			continue
		}
		n.Name = path.Join(base, name)
		if err := out.WriteHeader(&n); err != nil {
			return err
		}
		if _, err := io.Copy(out, in); errors.Is(err, io.ErrClosedPipe) {
			return err
		} else if err != nil {
			return unreadable(err)
		}
	}
}

func unreadable(err error) error {
	return errs.Wrap(err, errs.Internal, "workspace_files_unreadable", "The files for the workspace could not be read to their end.")
}

func badName(name string) error {
	return errs.Newf(errs.Invalid, "workspace_path_invalid", "The path %q does not lie in the workspace.", name)
}

// inside cleans a path relative to the workspace and reports whether it stays there.
func inside(name string) (string, bool) {
	clean := path.Clean(name)
	return clean, name != "" && !path.IsAbs(name) && clean != ".." && !strings.HasPrefix(clean, "../")
}
