package pipeline

import (
	"context"
	"io"
	"time"
)

// Source reads Git repositories. Its errors are errs with the codes
// repository_unreachable, repository_auth, repository_branch_missing,
// repository_commit_missing and repository_too_large, in words that never hold
// the credential.
type Source interface {
	// Check asks the repository for its branches, without fetching anything.
	Check(ctx context.Context, remote Remote, branch string) error

	// Fetch brings one commit to this machine. The caller must Close what it got.
	Fetch(ctx context.Context, remote Remote, want Revision) (Checkout, error)
}

// Remote is a repository as its server knows it.
type Remote struct {
	URL        string
	Credential Credential
}

// Credential opens a private repository over HTTP. The zero value is none.
type Credential struct {
	Username string // may be empty with a token; most servers ignore it then
	Password string // or a token
}

// Revision is what to fetch: a commit, or the tip of the branch where Commit is empty.
type Revision struct {
	Branch string
	Commit string // 40 hexadecimal characters
}

// Commit describes one commit.
type Commit struct {
	Hash    string
	Message string
	Author  string
	At      time.Time
}

// Checkout is the tree of one commit. It is used by one goroutine at a time.
type Checkout interface {
	Commit() Commit

	// File reads one file of at most limit bytes; errs not_found where there is
	// none, too_large where it is longer.
	File(path string, limit int64) ([]byte, error)

	// Tar writes the whole tree as a tar stream with relative paths. Submodules
	// are empty folders.
	Tar(ctx context.Context, w io.Writer) error

	// Close removes what the checkout holds on this machine.
	Close() error
}
