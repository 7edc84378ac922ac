package pipeline

import (
	"net/url"
	"regexp"
	"strings"
	"time"

	"croft/internal/errs"
)

// Repository is a Git repository that a project builds.
type Repository struct {
	ID            string
	ProjectID     string
	Name          string
	CloneURL      string
	Branch        string // built when a trigger names none
	HasCredential bool
	LastRun       *Run // without stages; only in lists and single look-ups
	CreatedAt     time.Time
}

// NewRepository is what it takes to add one.
type NewRepository struct {
	ProjectID  string
	Name       string
	CloneURL   string
	Branch     string // empty: main
	Credential Credential
}

// RepositoryUpdate changes the fields that are not nil.
type RepositoryUpdate struct {
	CloneURL   *string
	Branch     *string
	Credential *Credential // the zero value takes it away
}

var (
	errRepositoryNotFound = errs.New(errs.NotFound, "repository_not_found", "There is no such repository in this project.")
	errRepositoryExists   = errs.New(errs.Conflict, "repository_exists", "This project already has a repository of that name.")

	repositoryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	scpAddress     = regexp.MustCompile(`^[^/:]+@[^/:]+:`)
)

func checkRepositoryName(name string) error {
	if !repositoryName.MatchString(name) {
		return errs.New(errs.Invalid, "repository_name_invalid",
			"A repository's name has 1 to 64 letters, digits, dots, dashes and underscores, and starts with a letter or digit.")
	}
	return nil
}

// checkCloneURL accepts http and https addresses without anything secret in them.
func checkCloneURL(address string) error {
	refuse := func(code, message string) error { return errs.New(errs.Invalid, code, message) }
	if scpAddress.MatchString(address) || strings.HasPrefix(address, "ssh://") || strings.HasPrefix(address, "git+ssh://") {
		return refuse("clone_url_invalid", "Croft clones over https or http, not SSH: use the repository's https address and a token.")
	}
	u, err := url.Parse(address)
	if err != nil || len(address) > 2000 {
		return refuse("clone_url_invalid", "This is not an address Croft can clone from: it looks like https://host/path.git.")
	}
	switch {
	case u.Scheme == "file", u.Scheme == "" && strings.HasPrefix(address, "/"):
		return refuse("clone_url_invalid", "Croft does not clone from folders of its own machine: serve the repository over https or http.")
	case u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "":
		return refuse("clone_url_invalid", "This is not an address Croft can clone from: it looks like https://host/path.git.")
	case u.User != nil:
		return refuse("clone_url_credentials", "Leave user name and password out of the address: they have fields of their own and are kept encrypted.")
	case u.RawQuery != "", u.Fragment != "", u.Path == "", u.Path == "/":
		return refuse("clone_url_invalid", "The address must name the repository and nothing behind it: https://host/path.git.")
	}
	return nil
}

// sameOrigin says whether a credential given for one address may go to another.
func sameOrigin(a, b string) bool {
	ua, errA := url.Parse(a)
	ub, errB := url.Parse(b)
	return errA == nil && errB == nil && ua.Scheme == ub.Scheme && strings.EqualFold(ua.Host, ub.Host)
}

// checkBranch follows git check-ref-format.
func checkBranch(branch string) error {
	bad := branch == "" || len(branch) > 200 || strings.HasPrefix(branch, "-") || strings.HasSuffix(branch, ".") ||
		branch == "@" || strings.Contains(branch, "..") || strings.Contains(branch, "@{") ||
		strings.ContainsFunc(branch, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`~^:?*[\`, r) })
	for part := range strings.SplitSeq(branch, "/") {
		bad = bad || part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock")
	}
	if bad {
		return errs.Newf(errs.Invalid, "branch_invalid", "%q is not the name of a branch.", branch)
	}
	return nil
}

var commitHash = regexp.MustCompile(`^[0-9a-f]{40}$`)

func checkCommit(commit string) error {
	if commit != "" && !commitHash.MatchString(commit) {
		return errs.New(errs.Invalid, "commit_invalid", "Give the commit's full ID of 40 hexadecimal characters.")
	}
	return nil
}
