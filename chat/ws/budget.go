package ws

import "time"

// budget limits how often something may happen: up to burst at once, and earned
// again at a steady rate. One goroutine uses it.
type budget struct {
	burst, perSecond float64
	left             float64
	at               time.Time
}

func newBudget(burst int, perSecond float64) *budget {
	return &budget{burst: float64(burst), perSecond: perSecond, left: float64(burst)}
}

// take spends one, if there is one left at the time now.
func (b *budget) take(now time.Time) bool {
	if !b.at.IsZero() {
		b.left = min(b.burst, b.left+now.Sub(b.at).Seconds()*b.perSecond)
	}
	b.at = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}
