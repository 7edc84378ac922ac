package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"croft/internal/errs"
	"croft/objectstore/s3api"
	"croft/objectstore/storebench/s3client"
)

// engineS3 is the engine behind the S3 protocol on loopback, all of it in this
// process: for profiles that show protocol and engine at once.
type engineS3 struct {
	engine
	options s3client.Options
	server  *http.Server
	served  chan error
}

var _ target = (*engineS3)(nil)

func (e *engineS3) start(ctx context.Context) error {
	if err := e.engine.start(ctx); err != nil {
		return err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, e.engine.stop(ctx))
	}
	e.options = s3client.Options{Address: listener.Addr().String(), AccessKey: accountName, SecretKey: accountSecret}
	log := slog.New(slog.NewTextHandler(e.log, nil))
	e.server = &http.Server{
		Handler:           s3api.New(s3api.Config{Store: e.store, Access: oneKey{}, Log: log}),
		ReadHeaderTimeout: 20 * time.Second,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	e.served = make(chan error, 1)
	server, served := e.server, e.served
	go func() { served <- server.Serve(listener) }()
	return nil
}

func (e *engineS3) stop(ctx context.Context) error {
	if e.store == nil {
		return nil
	}
	err := e.server.Close()
	if serveErr := <-e.served; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, serveErr)
	}
	return errors.Join(err, e.engine.stop(ctx))
}

func (e *engineS3) connect(ctx context.Context) (client, error) { return connectS3(ctx, e.options) }

// oneKey lets the load generator's key do everything.
type oneKey struct{}

var _ s3api.Access = oneKey{}

func (oneKey) Credential(_ context.Context, accessKey string) (s3api.Credential, error) {
	if accessKey != accountName {
		return s3api.Credential{}, errs.New(errs.NotFound, "key_not_found", "No such key.")
	}
	return s3api.Credential{AccessKey: accountName, Secret: accountSecret}, nil
}

func (oneKey) Authorize(context.Context, s3api.Credential, s3api.Ask) error { return nil }

func (oneKey) Owner(context.Context, s3api.Credential) (string, error) { return "", nil }

func (oneKey) Audit(context.Context, s3api.Credential, s3api.Event) {}
