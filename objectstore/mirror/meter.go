package mirror

import (
	"sync"
	"time"
)

// Progress is how far a mirror is. Bytes are of bodies; where versions are brought, each
// of them and each delete marker counts as an object.
type Progress struct {
	Objects, Bytes        int64 // of the source; 0 until they are counted
	Present, PresentBytes int64 // what was there already
	Copied, CopiedBytes   int64
	Removed               int64   // at the target, because the source does not have them
	Failed                int64   // objects, and buckets that could not be begun
	BytesPerSecond        float64 // of the last seconds, objects under way included
	Elapsed               time.Duration
	Left                  time.Duration // until all is there, at this speed; 0 is not known
}

const (
	slot   = 500 * time.Millisecond
	window = 20 // slots that the speed is of
)

// meter counts what is done.
type meter struct {
	began time.Time
	ended chan struct{}

	mu    sync.Mutex // guards what follows
	count Progress
	slots [window]struct{ number, bytes int64 }
}

func newMeter() *meter { return &meter{began: time.Now(), ended: make(chan struct{})} }

func (m *meter) change(f func(*Progress)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(&m.count)
}

func (m *meter) total(objects, bytes int64) {
	m.change(func(p *Progress) { p.Objects, p.Bytes = objects, bytes })
}

func (m *meter) present(all []version) {
	m.change(func(p *Progress) {
		for _, v := range all {
			p.Present++
			p.PresentBytes += v.size
		}
	})
}

func (m *meter) copied(v version) {
	m.change(func(p *Progress) { p.Copied++; p.CopiedBytes += v.size })
}

// moved counts bytes on their way, for the speed.
func (m *meter) moved(bytes int) {
	number := int64(time.Since(m.began) / slot)
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &m.slots[number%window]
	if s.number != number {
		s.number, s.bytes = number, 0
	}
	s.bytes += int64(bytes)
}

func (m *meter) now() Progress {
	elapsed := time.Since(m.began)
	number := int64(elapsed / slot)
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.count
	p.Elapsed = elapsed
	sum := int64(0)
	for _, s := range m.slots {
		if s.number > number-window {
			sum += s.bytes
		}
	}
	p.BytesPerSecond = float64(sum) / max(min(elapsed, window*slot), time.Second).Seconds()
	if left := p.Bytes - p.PresentBytes - p.CopiedBytes; p.Objects > 0 && left > 0 && p.BytesPerSecond > 0 {
		p.Left = time.Duration(float64(left) / p.BytesPerSecond * float64(time.Second))
	}
	return p
}

// tell tells the progress every second until the end.
func (m *meter) tell(told func(Progress)) {
	if told == nil {
		return
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-m.ended:
			return
		case <-tick.C:
			told(m.now())
		}
	}
}

func (m *meter) end() { close(m.ended) }
