package account

import "context"

// Sweep does at once what Run does every hour.
func (s *Service) Sweep(ctx context.Context) error { return s.sweep(ctx) }
