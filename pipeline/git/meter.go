package git

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
)

// errTooLarge ends a response that is longer than its budget.
var errTooLarge = errors.New("the server sends more than is allowed")

// meter lets at most budget bytes of response bodies through, all requests together.
type meter struct {
	next   http.RoundTripper
	budget int64
	used   atomic.Int64
}

// RoundTrip implements http.RoundTripper.
func (m *meter) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := m.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	res.Body = &meteredBody{ReadCloser: res.Body, meter: m}
	return res, nil
}

type meteredBody struct {
	io.ReadCloser
	meter *meter
}

func (b *meteredBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.meter.used.Add(int64(n)) > b.meter.budget {
		return 0, errTooLarge
	}
	return n, err
}
