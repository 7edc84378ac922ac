package erasure

import (
	"sync"
	"time"

	"croft/objectstore"
)

// progress is how far a drive is with what it lacks. The zero value is a drive
// that lacks nothing.
type progress struct {
	mu    sync.Mutex // guards the following 5 fields
	done  int64      // bytes since it began to lack something
	total int64
	// counted is what was done since a moment, from which the speed is computed.
	counted int64
	since   time.Time
	speed   float64 // bytes per second
}

// speedWeight is what the last second weighs in the speed.
const speedWeight = 0.3

// remaining says how many bytes are still to be done.
func (p *progress) remaining(bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.since.IsZero() || p.done == p.total {
		p.since, p.counted = time.Now(), 0
	}
	p.total = p.done + bytes
}

// add says that so many more were done.
func (p *progress) add(bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = min(p.done+bytes, p.total)
	p.counted += bytes
	if took := time.Since(p.since); took >= time.Second {
		now := float64(p.counted) / took.Seconds()
		if p.speed > 0 {
			now = speedWeight*now + (1-speedWeight)*p.speed
		}
		p.speed, p.counted, p.since = now, 0, time.Now()
	}
}

// end says that the drive lacks nothing any more.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done, p.total, p.counted, p.since, p.speed = 0, 0, 0, time.Time{}, 0
}

// report is what others see of it, nil when there is nothing to see.
func (p *progress) report() *objectstore.HealProgress {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.total == 0 {
		return nil
	}
	r := &objectstore.HealProgress{DoneBytes: p.done, TotalBytes: p.total, SecondsLeft: -1}
	speed := p.speed
	if took := time.Since(p.since); speed == 0 && took > 0 {
		speed = float64(p.counted) / took.Seconds()
	}
	if r.BytesPerSecond = int64(speed); r.BytesPerSecond > 0 {
		r.SecondsLeft = (p.total - p.done) / r.BytesPerSecond
	}
	return r
}
