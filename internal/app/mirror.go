package app

import (
	"context"
	"io"

	"croft/objectstore/mirror"
	"croft/objectstore/remote"
)

// MirrorConfig says what Mirror brings where. Source and Target are places, with the
// keys for them.
type MirrorConfig struct {
	Source, Target StoreConfig
	Jobs           int
	DryRun         bool
	Out            io.Writer // progress and results, for people
	Terminal       bool      // Out shows one line after the other in one place
}

// Mirror brings what one S3 cluster has to another. It is a client of both.
func Mirror(ctx context.Context, c MirrorConfig) error {
	conf := mirror.Config{Jobs: c.Jobs, DryRun: c.DryRun}
	var err error
	if conf.Source, err = c.Source.place("source", "CROFT_SOURCE"); err != nil {
		return err
	}
	if conf.Target, err = c.Target.place("target", "CROFT_TARGET"); err != nil {
		return err
	}
	lines := &progressLines{out: c.Out, terminal: c.Terminal}
	conf.Told, conf.Failed = lines.progress, lines.failed
	p, err := mirror.Run(ctx, conf)
	lines.end(p, c.DryRun)
	return err
}

func (c StoreConfig) place(role, variables string) (remote.Place, error) {
	p, err := remote.ParsePlace(role, variables, c.URL)
	if err == nil {
		err = c.completeTarget(variables, "croft mirror", &p.Target, p.AuthoritiesFile)
	}
	return p, err
}
