package seglog

// Broken says why nothing can be appended any more, nil while that is possible.
// What is on the drives can still be read; the log has to be opened again before
// it can be written to.
func (l *Log) Broken() error {
	l.queueMu.Lock()
	defer l.queueMu.Unlock()
	return l.broken
}
