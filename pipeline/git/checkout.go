package git

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"croft/internal/errs"
	"croft/pipeline"
)

// maxDepth bounds how deep folders nest, maxLink how long a symbolic link's
// target is; a real tree is far from both.
const (
	maxDepth = 256
	maxLink  = 4096
)

// checkout is one commit in a pack in a temporary folder.
type checkout struct {
	dir      string
	storage  *filesystem.Storage
	commit   *object.Commit
	maxBytes int64
}

var _ pipeline.Checkout = (*checkout)(nil)

// Commit implements pipeline.Checkout.
func (c *checkout) Commit() pipeline.Commit {
	return pipeline.Commit{
		Hash:    c.commit.Hash.String(),
		Message: strings.ToValidUTF8(strings.TrimSpace(c.commit.Message), "\uFFFD"),
		Author:  strings.ToValidUTF8(c.commit.Author.Name, "\uFFFD"),
		At:      c.commit.Author.When.UTC(),
	}
}

// Close implements pipeline.Checkout.
func (c *checkout) Close() error {
	return errors.Join(c.storage.ObjectStorage.Close(), os.RemoveAll(c.dir))
}

// File implements pipeline.Checkout.
func (c *checkout) File(name string, limit int64) ([]byte, error) {
	tree, err := c.commit.Tree()
	if err != nil {
		return nil, fmt.Errorf("read the tree of %s: %w", c.commit.Hash, err)
	}
	entry, err := tree.FindEntry(name)
	if errors.Is(err, object.ErrEntryNotFound) || errors.Is(err, object.ErrDirectoryNotFound) ||
		err == nil && entry.Mode != filemode.Regular && entry.Mode != filemode.Executable && entry.Mode != filemode.Deprecated {
		return nil, errs.Newf(errs.NotFound, "file_not_found", "The commit has no file %s.", name)
	}
	if err != nil {
		return nil, fmt.Errorf("find %s in %s: %w", name, c.commit.Hash, err)
	}
	size, err := c.storage.EncodedObjectSize(entry.Hash)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if size > limit {
		return nil, errs.Newf(errs.TooLarge, "file_too_large", "%s has %d bytes; at most %d are allowed.", name, size, limit)
	}
	var content strings.Builder
	if err := c.copyBlob(entry.Hash, size, &content); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return []byte(content.String()), nil
}

// Tar implements pipeline.Checkout.
func (c *checkout) Tar(ctx context.Context, w io.Writer) error {
	tree, err := c.commit.Tree()
	if err != nil {
		return fmt.Errorf("read the tree of %s: %w", c.commit.Hash, err)
	}
	out := tar.NewWriter(w)
	a := &archiver{checkout: c, out: out, left: c.maxBytes}
	if err := a.folder(ctx, tree, "", 0); err != nil {
		return err
	}
	return out.Close()
}

func (c *checkout) copyBlob(hash plumbing.Hash, size int64, w io.Writer) (err error) {
	blob, err := object.GetBlob(c.storage, hash)
	if err != nil {
		return err
	}
	r, err := blob.Reader()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	_, err = io.CopyN(w, r, size)
	return err
}

// archiver writes one tree as tar.
type archiver struct {
	checkout *checkout
	out      *tar.Writer
	left     int64 // of the byte budget
}

func (a *archiver) folder(ctx context.Context, tree *object.Tree, prefix string, depth int) error {
	if depth > maxDepth {
		return errs.Newf(errs.TooLarge, "repository_too_large", "The repository's folders nest deeper than %d.", maxDepth)
	}
	for _, entry := range tree.Entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !safeName(entry.Name) {
			return errs.Newf(errs.Invalid, "repository_name_invalid", "The repository holds a file that cannot be written: %q.", path.Join(prefix, entry.Name))
		}
		if err := a.entry(ctx, entry, path.Join(prefix, entry.Name), depth); err != nil {
			return err
		}
	}
	return nil
}

func (a *archiver) entry(ctx context.Context, entry object.TreeEntry, name string, depth int) error {
	header := &tar.Header{Name: name, ModTime: a.checkout.commit.Committer.When}
	switch entry.Mode {
	case filemode.Dir, filemode.Submodule:
		header.Typeflag, header.Name, header.Mode = tar.TypeDir, name+"/", 0o755
		if err := a.out.WriteHeader(header); err != nil || entry.Mode == filemode.Submodule {
			return err
		}
		sub, err := object.GetTree(a.checkout.storage, entry.Hash)
		if err != nil {
			return fmt.Errorf("read folder %s: %w", name, err)
		}
		return a.folder(ctx, sub, name, depth+1)
	case filemode.Symlink:
		var link strings.Builder
		size, err := a.size(entry.Hash, name)
		if err == nil && size > maxLink {
			err = errs.Newf(errs.Invalid, "repository_name_invalid", "The symbolic link %s points to a path of %d bytes.", name, size)
		}
		if err == nil {
			err = a.checkout.copyBlob(entry.Hash, size, &link)
		}
		if err != nil {
			return err
		}
		header.Typeflag, header.Linkname, header.Mode = tar.TypeSymlink, link.String(), 0o777
		return a.out.WriteHeader(header)
	case filemode.Executable:
		header.Mode = 0o755
	default:
		header.Mode = 0o644
	}
	size, err := a.size(entry.Hash, name)
	if err != nil {
		return err
	}
	header.Typeflag, header.Size = tar.TypeReg, size
	if err := a.out.WriteHeader(header); err != nil {
		return err
	}
	if err := a.checkout.copyBlob(entry.Hash, size, a.out); err != nil {
		return fmt.Errorf("copy %s: %w", name, err)
	}
	return nil
}

// size takes an object's bytes off the budget.
func (a *archiver) size(hash plumbing.Hash, name string) (int64, error) {
	size, err := a.checkout.storage.EncodedObjectSize(hash)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	if a.left -= size; a.left < 0 {
		return 0, errs.Newf(errs.TooLarge, "repository_too_large", "The files of this commit are together larger than %d MiB.", a.checkout.maxBytes>>20)
	}
	return size, nil
}

// safeName refuses names by which a tree could leave its folder or hide a
// repository inside the workspace, as git itself does.
func safeName(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.EqualFold(name, ".git") && !strings.ContainsAny(name, "/\x00")
}
