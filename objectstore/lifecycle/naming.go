package lifecycle

import (
	"context"
	"slices"
)

// Naming returns the buckets that have a rule which names a tier. Rules that cannot be
// read name none.
func (s *Service) Naming(ctx context.Context, tier string) (buckets []string, err error) {
	if s.source == nil {
		return nil, nil
	}
	all, err := s.source.ListBuckets(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		rules, err := s.Rules(&all[i])
		if err == nil && slices.Contains(rules.Tiers(), tier) {
			buckets = append(buckets, all[i].Name)
		}
	}
	return buckets, nil
}
