package docker

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"

	"croft/internal/errs"
)

// images sees to it that a step's image is on the engine. Steps that want the same missing
// image at the same time share one pull, which ends when the last of them gives up.
type images struct {
	api *client.Client

	mu    sync.Mutex // guards pulls and each pull's followers
	pulls map[string]*pull
}

// pull is one pull under way.
type pull struct {
	cancel    context.CancelFunc
	done      chan struct{}
	err       error // set before done is closed
	followers []chan string
}

func newImages(api *client.Client) *images {
	return &images{api: api, pulls: map[string]*pull{}}
}

// ensure returns when name is on the engine. What is there is never pulled again. note
// is called, in the caller's goroutine, with lines that tell the progress.
func (im *images) ensure(ctx context.Context, name string, note func(string)) error {
	ref, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return errs.Newf(errs.Invalid, "image_invalid", "%q is not an image name.", name)
	}
	switch _, err := im.api.ImageInspect(ctx, name); {
	case err == nil:
		return nil
	case !notFound(err):
		return translate(err, "look for the image "+name)
	}
	p, progress, first := im.join(ctx, reference.TagNameOnly(ref).String())
	defer im.leave(ref, p, progress)
	if first {
		note("Pulling image " + name)
	} else {
		note("Waiting for the pull of image " + name + " that is under way")
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case line := <-progress:
			note(line)
		case <-p.done:
			for len(progress) > 0 {
				note(<-progress)
			}
			return unavailable(p.err, name, note)
		}
	}
}

// join takes part in the pull of ref, which it starts when there is none.
func (im *images) join(ctx context.Context, ref string) (p *pull, progress chan string, first bool) {
	progress = make(chan string, 32)
	im.mu.Lock()
	defer im.mu.Unlock()
	p, ok := im.pulls[ref]
	if !ok {
		pullCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		p = &pull{cancel: cancel, done: make(chan struct{})}
		im.pulls[ref] = p
		go im.run(pullCtx, ref, p)
	}
	p.followers = append(p.followers, progress)
	return p, progress, !ok
}

// leave ends a caller's part. The last one to go stops the pull and waits for its end, so
// that no pull outlives its callers.
func (im *images) leave(ref reference.Named, p *pull, progress chan string) {
	im.mu.Lock()
	p.followers = slices.DeleteFunc(p.followers, func(c chan string) bool { return c == progress })
	last := len(p.followers) == 0
	if key := reference.TagNameOnly(ref).String(); last && im.pulls[key] == p {
		delete(im.pulls, key)
	}
	im.mu.Unlock()
	if last {
		p.cancel()
		<-p.done
	}
}

func (im *images) run(ctx context.Context, ref string, p *pull) {
	defer close(p.done)
	body, err := im.api.ImagePull(ctx, ref, image.PullOptions{})
	if err != nil {
		p.err = err
		return
	}
	defer func() { _ = body.Close() }()
	p.err = readProgress(body, func(line string) {
		im.mu.Lock()
		defer im.mu.Unlock()
		for _, c := range p.followers {
			select {
			case c <- line:
			default: // a slow log loses progress lines, not the pull
			}
		}
	})
}

// readProgress reads the engine's messages about a pull or an import to their end and returns
// the failure they tell of. Counting messages ("Downloading 3 MB") are left out.
func readProgress(r io.Reader, note func(string)) error {
	for dec := json.NewDecoder(r); ; {
		var m struct {
			ID, Status     string
			ProgressDetail struct{ Current int64 }
			ErrorDetail    struct{ Message string }
		}
		if err := dec.Decode(&m); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if m.ErrorDetail.Message != "" {
			return errors.New(m.ErrorDetail.Message)
		}
		switch {
		case m.Status == "" || m.ProgressDetail.Current > 0:
		case m.ID != "" && strings.HasPrefix(m.Status, "Pulling from"):
			note(m.Status + ":" + m.ID)
		case m.ID != "":
			if m.Status == "Pull complete" || m.Status == "Already exists" {
				note(m.ID + ": " + m.Status)
			}
		default:
			note(m.Status)
		}
	}
}

// unavailable words the failure of a pull; the engine's own words go into the log.
func unavailable(err error, name string, note func(string)) error {
	if err == nil {
		return nil
	}
	note("Pull failed: " + strings.TrimSpace(err.Error()))
	text := strings.ToLower(err.Error())
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(s string) bool { return strings.Contains(text, s) })
	}
	why := "the log has the engine's reason"
	switch {
	case client.IsErrConnectionFailed(err):
		return translate(err, "pull the image "+name)
	case has("access denied", "unauthorized", "authentication required"):
		why = "it does not exist, or it needs a login"
	case notFound(err), has("manifest unknown", "not found"):
		why = "the registry does not have it"
	case has("no such host", "timeout", "deadline", "connection refused", "unreachable", "server misbehaving", "eof"):
		why = "its registry cannot be reached from the engine"
	case has("no matching manifest"):
		why = "it does not exist for the engine's platform"
	}
	return errs.Wrap(err, errs.Unavailable, "image_unavailable",
		"The image "+name+" is not on the engine and could not be pulled: "+why+".")
}
