package accesslog

// Exported for the tests.
const (
	Current    = current
	MaxPending = maxPending
	Quiet      = quiet
)

// ReadAtMost bounds what one query reads.
func (l *Log) ReadAtMost(n int64) { l.atOnce = n }
