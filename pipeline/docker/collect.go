package docker

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"croft/internal/errs"
	"croft/pipeline"
)

// putFunc takes one file of the workspace.
type putFunc = func(ctx context.Context, path string, size int64, body io.Reader) error

// Collect hands the workspace's regular files that match pattern to put, without holding one in
// memory. A pattern without wildcards that names a directory means all below it. Symbolic links
// are neither followed nor collected, so nothing outside the workspace is ever read.
func (e *Executor) Collect(ctx context.Context, runID, pattern string, put putFunc) (int, error) {
	clean, err := cleanPattern(pattern)
	if err != nil {
		return 0, err
	}
	base, _ := doublestar.SplitPattern(clean)
	if literal(clean) {
		base = clean
	}
	if ok, err := e.reachable(ctx, runID, base); err != nil || !ok {
		return 0, err
	}
	c := collection{e: e, runID: runID, pattern: clean, put: put}
	if err := c.read(ctx, base, c.matches); err != nil {
		return c.found, err
	}
	// The engine's tar names the second name of a file only, so its bytes are fetched alone.
	for _, name := range c.links {
		only := func(found string) bool { return found == name }
		if err := c.read(ctx, name, only); err != nil {
			return c.found, err
		}
	}
	return c.found, nil
}

// cleanPattern checks that a pattern is well formed and stays in the workspace.
func cleanPattern(pattern string) (string, error) {
	clean := strings.TrimPrefix(strings.TrimSuffix(pattern, "/"), "./")
	bad := clean == "" || path.IsAbs(clean) || strings.ContainsRune(clean, 0) || !doublestar.ValidatePattern(clean)
	for part := range strings.SplitSeq(strings.NewReplacer("{", "/", "}", "/", ",", "/").Replace(clean), "/") {
		bad = bad || part == ".."
	}
	if bad {
		return "", errs.Newf(errs.Invalid, "artifact_pattern_invalid",
			"The artifact pattern %q must be a path or a glob below the workspace, without “..”.", pattern)
	}
	if literal(clean) {
		clean = path.Clean(clean)
	}
	return clean, nil
}

func literal(pattern string) bool { return !strings.ContainsAny(pattern, `*?[{\`) }

// reachable reports whether base exists and all above it are directories, none a symbolic link
// to one: the engine tells of a link itself, but would follow it on the way to what is below.
func (e *Executor) reachable(ctx context.Context, runID, base string) (bool, error) {
	at := pipeline.WorkspacePath
	above, err := e.api.ContainerStatPath(ctx, helperName(runID), at)
	if err != nil {
		return false, readError(ctx, err)
	}
	for part := range strings.SplitSeq(base, "/") {
		if !above.Mode.IsDir() {
			return false, nil
		}
		at = path.Join(at, part)
		stat, err := e.api.ContainerStatPath(ctx, helperName(runID), at)
		if notFound(err) {
			return false, nil
		}
		if err != nil {
			return false, readError(ctx, err)
		}
		above = stat
	}
	return true, nil
}

// collection is one call of Collect under way.
type collection struct {
	e       *Executor
	runID   string
	pattern string
	put     putFunc
	found   int
	links   []string // matching files that are second names of others
}

// read streams what lies at base and hands over the regular files that match.
func (c *collection) read(ctx context.Context, base string, match func(string) bool) error {
	stream, _, err := c.e.api.CopyFromContainer(ctx, helperName(c.runID), path.Join(pipeline.WorkspacePath, base))
	if notFound(err) {
		return nil
	}
	if err != nil {
		return readError(ctx, err)
	}
	defer func() { _ = stream.Close() }()
	for entries := tar.NewReader(stream); ; {
		h, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return readError(ctx, err)
		}
		name, ok := entryPath(base, h.Name)
		if !ok || !match(name) {
			continue
		}
		switch h.Typeflag {
		case tar.TypeReg:
			c.found++
			if err := c.put(ctx, name, h.Size, entries); err != nil {
				return err
			}
		case tar.TypeLink:
			c.links = append(c.links, name)
		}
	}
}

// entryPath turns the name of a tar entry, which starts with the last part of what was asked for,
// into a path relative to the workspace.
func entryPath(base, entry string) (string, bool) {
	_, below, _ := strings.Cut(strings.TrimSuffix(entry, "/"), "/")
	name := path.Join(base, below)
	_, ok := inside(name)
	return name, ok
}

func (c *collection) matches(name string) bool {
	if literal(c.pattern) {
		return c.pattern == "." || name == c.pattern || strings.HasPrefix(name, c.pattern+"/")
	}
	return doublestar.MatchUnvalidated(c.pattern, name)
}

func readError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if notFound(err) {
		return errs.Wrap(err, errs.NotFound, "workspace_not_found", "The run's workspace is gone.")
	}
	return translate(err, "read the run's workspace")
}
