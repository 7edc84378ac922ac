package remote

import (
	"context"
	"net/http"
)

// replicaHeader tells a Croft that a request passes on what was done elsewhere, so
// that it is not passed on again. It is part of the protocol between Crofts.
const replicaHeader = "X-Croft-Replica"

type replicaKey struct{}

// AsReplica returns a context whose requests say that they pass on what was done
// elsewhere. Other clusters than Croft's take no notice.
func AsReplica(ctx context.Context) context.Context {
	return context.WithValue(ctx, replicaKey{}, true)
}

// announcing is a transport that says so.
type announcing struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t announcing) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Context().Value(replicaKey{}) != nil {
		r = r.Clone(r.Context())
		r.Header.Set(replicaHeader, "true")
	}
	return t.RoundTripper.RoundTrip(r)
}
