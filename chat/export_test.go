package chat

import "context"

// SweepForTest is what Run does every hour.
func SweepForTest(ctx context.Context, s *Service) error { return s.sweep(ctx) }

// CleanName is the cleaning of file names.
var CleanName = cleanName
