package remote

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"croft/internal/errs"
)

const (
	connectTime = 10 * time.Second
	// answerTime is how long a request, sent whole, may go without the first byte
	// of its answer: putting a large upload together takes clusters a while.
	answerTime = 2 * time.Minute
	// stallTime is how long a connection may move no byte in either direction inside
	// a request.
	stallTime = 2 * time.Minute
	// attempts is how often a request that can be repeated is sent.
	attempts = 4

	idleConnections = 128
	idleTime        = time.Minute
)

// Client talks to a target. It is safe for concurrent use.
type Client struct {
	*minio.Core
	target    Target
	plain     bool // without TLS
	transport *http.Transport
}

// Dial makes a client of a target. It sends nothing; Check does. The caller closes
// the client.
func Dial(t Target) (*Client, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	at, err := t.address()
	if err != nil {
		return nil, err
	}
	roots, err := t.roots()
	if err != nil {
		return nil, err
	}
	transport := newTransport(roots, stallTime)
	core, err := minio.NewCore(at.host, &minio.Options{
		Creds: credentials.NewStaticV4(t.AccessKey, string(t.SecretKey), ""), Secure: at.secure, Region: t.region(),
		BucketLookup: lookups[t.Style], Transport: announcing{transport}, MaxRetries: attempts,
	})
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "target_invalid", "The endpoint "+at.host+" cannot be used.")
	}
	core.SetAppInfo("Croft", "1")
	return &Client{Core: core, target: t, plain: !at.secure, transport: transport}, nil
}

var lookups = map[Style]minio.BucketLookupType{
	StyleAuto: minio.BucketLookupAuto, StylePath: minio.BucketLookupPath, StyleVirtual: minio.BucketLookupDNS,
}

// Close lets go of connections that nothing uses; those in use end with their requests.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Check reaches for a bucket and returns why it cannot be used, or nil.
func (c *Client) Check(ctx context.Context, bucket string) error {
	there, err := c.BucketExists(ctx, bucket)
	if err != nil {
		return c.Explain(err)
	}
	if !there {
		return errs.Newf(errs.NotFound, "target_bucket_missing",
			"There is no bucket %s at %s, or the access key may not see it. Make it there, or name another.", bucket, c.target.Endpoint)
	}
	return nil
}

// roots are the authorities that may sign the endpoint's certificate; nil is what
// the system trusts.
func (t Target) roots() (*x509.CertPool, error) {
	if t.Authorities == "" {
		return nil, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool() // not every platform has one
	}
	if !roots.AppendCertsFromPEM([]byte(t.Authorities)) {
		return nil, invalidTarget("The certificates to trust are not in PEM, the format that starts with -----BEGIN CERTIFICATE-----.")
	}
	return roots, nil
}

// newTransport makes the HTTP of a client. It undoes no encoding: the bytes of an
// object are its bytes.
func newTransport(roots *x509.CertPool, stall time.Duration) *http.Transport {
	dialer := &net.Dialer{Timeout: connectTime, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &patientConn{Conn: conn, stall: stall}, nil
		},
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:   connectTime,
		ResponseHeaderTimeout: answerTime,
		ExpectContinueTimeout: connectTime,
		IdleConnTimeout:       idleTime,
		MaxIdleConns:          idleConnections,
		MaxIdleConnsPerHost:   idleConnections,
		DisableCompression:    true,
	}
}

// patientConn is a connection whose reads and writes fail once neither has moved a
// byte for a while. A deadline for the whole request would be a limit on its size.
type patientConn struct {
	net.Conn
	stall time.Duration
}

// Read implements net.Conn.
func (c *patientConn) Read(p []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.stall)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Write implements net.Conn. It gives a read that waits meanwhile more time, too.
func (c *patientConn) Write(p []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.stall)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
