package account

import "context"

// Sweep does at once what Run does every hour.
func (s *Service) Sweep(ctx context.Context) error { return s.sweep(ctx) }

// MaxKnown is the bound on what is remembered.
const MaxKnown = maxKnown

// Age is how often everything was forgotten.
func (s *Service) Age() uint64 {
	_, _, age := s.known.key("")
	return age
}

// Remember has a key and a role remembered as if they had been read at that age.
func (s *Service) Remember(accessKey, projectID, userID string, age uint64) {
	s.known.learnKey(accessKey, keyOwner{}, age)
	s.known.learnRole(membership{projectID, userID}, Viewer, age)
}

// Known counts what is remembered.
func (s *Service) Known() (keys, roles int) { return len(s.known.keys.all), len(s.known.roles.all) }

// MaxKnownBytes is the bound on what there is of what clients make as large as they like.
const MaxKnownBytes = maxKnownBytes

// RememberToken has a temporary credential remembered whose token is so long.
func (s *Service) RememberToken(accessKey string, size int) {
	s.known.learnTemporary(accessKey, keyOwner{}, size, s.Age())
}

// KnownBytes counts what is remembered of temporary credentials and of policies, and how
// many there are.
func (s *Service) KnownBytes() (temps, ofTemps, readings, ofReadings int) {
	return len(s.known.temps.all), s.known.temps.bytes, len(s.readings.all), s.readings.bytes
}

// Read reads a policy.
func (s *Service) Read(text string) Document { return s.read(text) }

// SaveShareUses does at once what Run does every minute.
func (s *Service) SaveShareUses(ctx context.Context) error { return s.saveShareUses(ctx) }

// MaxShareUses is the bound on links whose uses are not saved, and UnsavedShareUses how
// many those are.
const MaxShareUses = maxShareUses

func (s *Service) UnsavedShareUses() int { return len(s.shareUses.of) }
