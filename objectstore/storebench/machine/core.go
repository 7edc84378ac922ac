package machine

import (
	"context"
	"crypto/md5" //nolint:gosec // S3's ETag is an MD5; its speed bounds large PUTs.
	"errors"
	"io"
	"net"
	"time"
)

// MD5 returns how many bytes a second one core digests.
func MD5(ctx context.Context, length time.Duration) (float64, error) {
	buffer := make([]byte, 64<<10)
	digest := md5.New() //nolint:gosec // see the import
	rounds, err := rate(ctx, length, func(int) error {
		_, err := digest.Write(buffer)
		return err
	})
	return rounds * float64(len(buffer)), err
}

// Loopback returns how many bytes a second one connection to this machine itself
// moves, both ends in this process and doing nothing else.
func Loopback(ctx context.Context, length time.Duration) (float64, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	received := make(chan error, 1)
	go func() { received <- drain(listener) }()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", listener.Addr().String())
	if err != nil {
		return 0, err
	}
	buffer := make([]byte, 256<<10)
	rounds, err := rate(ctx, length, func(int) error {
		_, err := conn.Write(buffer)
		return err
	})
	if err = errors.Join(err, conn.Close()); err != nil {
		return 0, err
	}
	return rounds * float64(len(buffer)), <-received
}

// drain accepts one connection and reads it to its end.
func drain(listener net.Listener) error {
	conn, err := listener.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	buffer := make([]byte, 256<<10)
	for {
		if _, err := conn.Read(buffer); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}
