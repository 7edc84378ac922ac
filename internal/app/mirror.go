package app

import (
	"context"
	"errors"
	"io"
	"time"

	"croft/internal/errs"
	"croft/objectstore/mirror"
	"croft/objectstore/remote"
)

// MirrorConfig says what Mirror brings where. Source and Target are places, with the
// keys for them.
type MirrorConfig struct {
	Source, Target StoreConfig
	Jobs           int
	DryRun         bool
	// Versions and Settings are nil where it is left to the mirror: see mirror.Config.
	Versions, Settings             *bool
	Delete                         bool
	Verify, Content                bool          // compare only; bodies too
	Every                          time.Duration // between the end of one mirror and the next; 0 is only one
	BytesPerSecond                 int64
	Include, Exclude               []string
	IncludeBuckets, ExcludeBuckets []string
	Out                            io.Writer // progress and results, for people
	Terminal                       bool      // Out shows one line after the other in one place
}

// Mirror brings what one S3 cluster has to another, or compares the two. It is a client
// of both.
func Mirror(ctx context.Context, c MirrorConfig) error {
	conf := mirror.Config{
		Jobs: c.Jobs, DryRun: c.DryRun, Versions: choice(c.Versions), Settings: choice(c.Settings), Delete: c.Delete, BytesPerSecond: c.BytesPerSecond,
		Include: c.Include, Exclude: c.Exclude, IncludeBuckets: c.IncludeBuckets, ExcludeBuckets: c.ExcludeBuckets,
	}
	var err error
	if conf.Source, err = c.Source.place("source", "CROFT_SOURCE"); err != nil {
		return err
	}
	if conf.Target, err = c.Target.place("target", "CROFT_TARGET"); err != nil {
		return err
	}
	lines := &progressLines{out: c.Out, terminal: c.Terminal, most: maxFailures}
	conf.Told, conf.Failed, conf.Noted = lines.progress, lines.failed, lines.noted
	if c.Verify {
		lines.verb, lines.most = "differs", 0
		conf.Told = nil
		r, err := mirror.Verify(ctx, conf, c.Content)
		lines.report(r, c.Content)
		return err
	}
	for round := 1; ; round++ {
		began := time.Now()
		p, err := mirror.Run(ctx, conf)
		if c.Every > 0 {
			lines.round(round, began)
		}
		lines.end(p, c.DryRun)
		if errors.Is(err, context.Canceled) {
			err = errMirrorInterrupted
		}
		if c.Every == 0 || round == 1 && err != nil && !passes(err) {
			return err
		}
		if again := lines.wait(ctx, err, c.Every); !again {
			return err
		}
	}
}

var errMirrorInterrupted = errs.New(errs.Unavailable, "mirror_interrupted", "It was interrupted before everything was there. Run the same command again: what is there already is not copied again.")

// passes reports whether the next round may find it otherwise.
func passes(err error) bool {
	kind := errs.KindOf(err)
	return kind == errs.Unavailable || kind == errs.StorageFull
}

func choice(of *bool) mirror.Choice {
	switch {
	case of == nil:
		return mirror.Auto
	case *of:
		return mirror.Yes
	}
	return mirror.No
}

func (c StoreConfig) place(role, variables string) (remote.Place, error) {
	p, err := remote.ParsePlace(role, variables, c.URL)
	if err == nil {
		err = c.completeTarget(variables, "croft mirror", &p.Target, p.AuthoritiesFile)
	}
	return p, err
}
