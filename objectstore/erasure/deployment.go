package erasure

// Deployment names the set of drives: it was made when they were formatted and
// never changes.
func (s *Store) Deployment() string {
	for _, d := range s.given {
		if f, err := readFormat(d.join(formatFile)); err == nil {
			return f.Deployment
		}
	}
	return ""
}
