package git

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"croft/pipeline"
)

// Config bounds what a repository may cost. Zero fields take the defaults.
type Config struct {
	TempDir      string            // where packs are kept while a checkout is open; empty: the system's
	MaxPackBytes int64             // what a server may send for one fetch; default 2 GiB
	MaxTreeBytes int64             // the files of one commit together; default 8 GiB
	Transport    http.RoundTripper // default: like http.DefaultTransport
}

// Fetcher is the pipeline.Source on go-git. It keeps no state between calls.
type Fetcher struct{ cfg Config }

var _ pipeline.Source = (*Fetcher)(nil)

// New returns a Fetcher.
func New(cfg Config) *Fetcher {
	if cfg.MaxPackBytes <= 0 {
		cfg.MaxPackBytes = 2 << 30
	}
	if cfg.MaxTreeBytes <= 0 {
		cfg.MaxTreeBytes = 8 << 30
	}
	if cfg.Transport == nil {
		cfg.Transport = http.DefaultTransport
	}
	return &Fetcher{cfg: cfg}
}

// Check implements pipeline.Source.
func (f *Fetcher) Check(ctx context.Context, remote pipeline.Remote, branch string) error {
	session, err := f.dial(remote)
	if err != nil {
		return explain(ctx, remote, err)
	}
	defer session.Close()
	refs, err := session.AdvertisedReferencesContext(ctx)
	if err != nil {
		return explain(ctx, remote, err)
	}
	if _, ok := refs.References[branchRef(branch)]; !ok {
		return branchMissing(branch)
	}
	return nil
}

// Fetch implements pipeline.Source.
func (f *Fetcher) Fetch(ctx context.Context, remote pipeline.Remote, want pipeline.Revision) (_ pipeline.Checkout, err error) {
	session, err := f.dial(remote)
	if err != nil {
		return nil, explain(ctx, remote, err)
	}
	defer session.Close()
	refs, err := session.AdvertisedReferencesContext(ctx)
	if err != nil {
		return nil, explain(ctx, remote, err)
	}
	target, err := choose(refs, want)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(f.cfg.TempDir, "croft-git-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the fetch: %w", err)
	}
	storage := filesystem.NewStorageWithOptions(osfs.New(dir), cache.NewObjectLRU(32*cache.MiByte), filesystem.Options{
		ExclusiveAccess:      true,
		KeepDescriptors:      true,
		LargeObjectThreshold: 4 << 20,
	})
	c := &checkout{dir: dir, storage: storage, maxBytes: f.cfg.MaxTreeBytes}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	if err := storage.Init(); err != nil {
		return nil, fmt.Errorf("make a folder for the fetch: %w", err)
	}
	if err := download(ctx, session, refs, target, storage); err != nil {
		return nil, explain(ctx, remote, err)
	}
	c.commit, err = object.GetCommit(storage, target.commit)
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return nil, commitMissing(want)
	}
	if err != nil {
		return nil, fmt.Errorf("read commit %s: %w", target.commit, err)
	}
	return c, nil
}

// dial opens a session of its own, so that a redirect's consequences and the
// byte budget belong to one fetch.
func (f *Fetcher) dial(remote pipeline.Remote) (transport.UploadPackSession, error) {
	endpoint, err := transport.NewEndpoint(remote.URL)
	if err != nil {
		return nil, err
	}
	if endpoint.Protocol != "http" && endpoint.Protocol != "https" {
		return nil, fmt.Errorf("protocol %q is not http or https", endpoint.Protocol)
	}
	client := &http.Client{Transport: &meter{next: f.cfg.Transport, budget: f.cfg.MaxPackBytes}}
	var auth transport.AuthMethod
	if c := remote.Credential; c != (pipeline.Credential{}) {
		if c.Username == "" {
			c.Username = "git" // servers that take tokens want some name
		}
		auth = &githttp.BasicAuth{Username: c.Username, Password: c.Password}
	}
	return githttp.NewClient(client).NewUploadPackSession(endpoint, auth)
}

func branchRef(branch string) string { return plumbing.NewBranchReferenceName(branch).String() }

// target is what to ask the server for so that commit arrives.
type target struct {
	commit  plumbing.Hash
	ask     plumbing.Hash
	shallow bool // ask's history is not needed
}

// choose finds the cheapest request that brings the wanted revision.
func choose(refs *packp.AdvRefs, want pipeline.Revision) (target, error) {
	shallow := refs.Capabilities.Supports(capability.Shallow)
	tip, hasTip := refs.References[branchRef(want.Branch)]
	if want.Commit == "" {
		if !hasTip {
			return target{}, branchMissing(want.Branch)
		}
		return target{commit: tip, ask: tip, shallow: shallow}, nil
	}
	commit := plumbing.NewHash(want.Commit)
	if hasTip && tip == commit || advertised(refs, commit) ||
		refs.Capabilities.Supports(capability.AllowReachableSHA1InWant) {
		return target{commit: commit, ask: commit, shallow: shallow}, nil
	}
	if !hasTip {
		return target{}, branchMissing(want.Branch)
	}
	return target{commit: commit, ask: tip}, nil
}

func advertised(refs *packp.AdvRefs, commit plumbing.Hash) bool {
	for _, hash := range refs.References {
		if hash == commit {
			return true
		}
	}
	return false
}

// download asks for one object with what it needs and stores the pack.
func download(ctx context.Context, session transport.UploadPackSession, refs *packp.AdvRefs, t target, storage *filesystem.Storage) (err error) {
	request := packp.NewUploadPackRequestFromCapabilities(refs.Capabilities)
	request.Wants = []plumbing.Hash{t.ask}
	if t.shallow {
		request.Depth = packp.DepthCommits(1)
		if err := request.Capabilities.Set(capability.Shallow); err != nil {
			return err
		}
	}
	if refs.Capabilities.Supports(capability.NoProgress) {
		if err := request.Capabilities.Set(capability.NoProgress); err != nil {
			return err
		}
	}
	response, err := session.UploadPack(ctx, request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, response.Close()) }()
	switch {
	case request.Capabilities.Supports(capability.Sideband64k):
		return packfile.UpdateObjectStorage(storage, sideband.NewDemuxer(sideband.Sideband64k, response))
	case request.Capabilities.Supports(capability.Sideband):
		return packfile.UpdateObjectStorage(storage, sideband.NewDemuxer(sideband.Sideband, response))
	}
	return packfile.UpdateObjectStorage(storage, response)
}
