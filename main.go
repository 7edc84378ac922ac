// Command croft is a team's object store, pipelines and chat in one program.
// This file turns flags and environment into configuration; internal/app does the rest.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"croft/internal/app"
	"croft/internal/cli"
	"croft/internal/errs"
)

// version is set by the release build.
var version = "0.1.0-dev"

func main() { os.Exit(run()) }

func run() int {
	home, err := os.UserHomeDir()
	if err != nil {
		home = "."
	}
	command, err := cli.Parse(os.Args[1:], os.Getenv, filepath.Join(home, "Croft"))
	switch {
	case err != nil:
		fmt.Fprintf(os.Stderr, "croft: %v\nRun `croft help` for the commands and flags.\n", err)
		return 2
	case command.Help:
		fmt.Print(cli.Usage)
		return 0
	case command.Version:
		fmt.Println("croft " + version)
		return 0
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once

	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	switch {
	case command.Reindex != nil:
		err = app.Reindex(ctx, command.Reindex.StateDir, command.Reindex.Pools, log)
	case command.Mirror != nil:
		err = mirror(ctx, command.Mirror)
	default:
		err = serve(ctx, command.Server, log)
	}
	if err != nil {
		_, message := errs.Public(err)
		if errs.KindOf(err) == errs.Internal {
			message = err.Error()
		}
		log.Debug("start failed", "error", err)
		fmt.Fprintf(os.Stderr, "croft: %s\n", message)
		return 1
	}
	return 0
}

func serve(ctx context.Context, srv *cli.Server, log *slog.Logger) error {
	croft, err := app.New(ctx, app.Config{
		Version:        version,
		Address:        srv.Address,
		ConsoleAddress: srv.ConsoleAddress,
		TrustedProxies: srv.TrustedProxies,
		Parity:         srv.Parity,
		ReducedParity:  srv.ReducedParity,
		StateDir:       srv.StateDir,
		Pools:          srv.Pools,
		Store:          app.StoreConfig(srv.Store),
		RootUser:       srv.RootUser,
		RootPassword:   srv.RootPassword,
		MasterKeys:     srv.MasterKeys,
		KeyCommand:     srv.KeyCommand,
		S3:             app.S3Config(srv.S3),
		OpenBrowser:    srv.OpenBrowser && os.Getenv(app.Restarted) == "",
		Logger:         log,
		Out:            os.Stdout,
	})
	if err != nil {
		return err
	}
	err = croft.Run(ctx)
	if !croft.RestartAsked() || ctx.Err() != nil {
		return err
	}
	if err != nil { // whoever asked is not there to start it again
		log.Warn("not everything ended as it should", "error", err)
	}
	log.Info("restarting")
	return app.Replace()
}

func mirror(ctx context.Context, m *cli.Mirror) error {
	info, err := os.Stdout.Stat()
	return app.Mirror(ctx, app.MirrorConfig{
		Source: app.StoreConfig(m.Source), Target: app.StoreConfig(m.Target), Jobs: m.Jobs, DryRun: m.DryRun,
		Versions: m.Versions, Settings: m.Settings, Delete: m.Delete, Verify: m.Verify, Content: m.Content,
		Every: m.Every, BytesPerSecond: m.BytesPerSecond,
		Include: m.Include, Exclude: m.Exclude, IncludeBuckets: m.IncludeBuckets, ExcludeBuckets: m.ExcludeBuckets,
		Out: os.Stdout, Terminal: err == nil && info.Mode()&os.ModeCharDevice != 0,
	})
}
