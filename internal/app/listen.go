package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"croft/internal/errs"
)

// drainTime is how long requests under way may take to finish at a stop.
const drainTime = 10 * time.Second

// listener is one address and what answers there.
type listener struct {
	name   string
	socket net.Listener
	http   *http.Server
}

// listen opens the address at once, so that a taken port is told before
// anything else starts.
func listen(ctx context.Context, name, flag, address string, handler http.Handler, log *slog.Logger) (*listener, error) {
	var config net.ListenConfig
	socket, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "address_unusable",
			fmt.Sprintf("Croft cannot listen on %s. Is another program using the port? Choose another with %s", address, flag))
	}
	return &listener{name: name, socket: socket, http: &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 20 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}, nil
}

// run serves until ctx ends, then lets requests under way finish.
func (l *listener) run(ctx context.Context) error {
	served := make(chan error, 1)
	go func() { served <- l.http.Serve(l.socket) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve %s: %w", l.name, err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := l.http.Shutdown(grace); errors.Is(err, context.DeadlineExceeded) {
		_ = l.http.Close() // whoever still hangs on is cut off
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", l.name, err)
	}
	return nil
}

// url is how a person on this machine reaches the listener.
func (l *listener) url() string {
	addr := l.socket.Addr().(*net.TCPAddr)
	host := "localhost"
	if !addr.IP.IsUnspecified() {
		host = addr.IP.String()
	}
	return fmt.Sprintf("http://%s", net.JoinHostPort(host, fmt.Sprint(addr.Port)))
}
