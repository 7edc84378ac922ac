package remote

import (
	"context"
	"errors"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
)

var _ objectstore.TargetReporter = (*Store)(nil)

// healthTime is how long the cluster may take to answer before it counts as away.
const healthTime = 5 * time.Second

// TargetHealth implements objectstore.TargetReporter with one small request.
func (s *Store) TargetHealth(ctx context.Context) (objectstore.TargetHealth, error) {
	health := objectstore.TargetHealth{Endpoint: s.client.target.Endpoint, Prefix: s.prefix}
	waiting, cancel := context.WithTimeout(ctx, healthTime)
	defer cancel()
	began := time.Now()
	err := s.client.Check(waiting, s.prefix)
	switch {
	case ctx.Err() != nil:
		return objectstore.TargetHealth{}, ctx.Err()
	case err == nil:
		health.Reachable, health.Latency = true, time.Since(began)
	case errors.Is(err, context.DeadlineExceeded):
		health.Message = s.client.target.Endpoint + " does not answer. Check that it runs, and the network on the way."
	default:
		_, health.Message = errs.Public(err)
		s.log.DebugContext(ctx, "target is not well", "error", err)
	}
	return health, nil
}
