package simdisk

import (
	"io/fs"
	"math"
	"slices"
	"syscall"
	"time"
)

// Fault is something wrong with a drive. It takes effect on operations of a kind,
// and stays with the drive through crashes until Mend or until it is used up.
type Fault struct {
	Kind  Kind
	Match func(Op) bool // more exactly which operations; nil is all
	After int           // lets so many pass first
	Times int           // takes effect so often; 0 is always

	// Err is how the operation fails. A write may have been done in part, and
	// what a sync was for may be durable or never will be.
	Err error
	// Delay is how long the operation takes, other ones going on meanwhile.
	Delay time.Duration
	// Hold, when not nil, keeps the operation waiting until it is closed.
	Hold <-chan struct{}
}

// Inject adds a fault. Where several take effect on one operation, it takes all
// their time and fails as the oldest says.
func (d *Drive) Inject(f Fault) {
	d.machine.mu.Lock()
	defer d.machine.mu.Unlock()
	d.faults = append(d.faults, &f)
}

// Fail lets every operation of a kind fail from now on.
func (d *Drive) Fail(kind Kind, err error) { d.Inject(Fault{Kind: kind, Err: err}) }

// Delay lets every operation of a kind take a time.
func (d *Drive) Delay(kind Kind, t time.Duration) { d.Inject(Fault{Kind: kind, Delay: t}) }

// spent is Times of a fault that is used up.
const spent = math.MinInt

// state is what is wrong with a drive as a whole.
type state struct {
	gone, readOnly, lying bool
}

// SetGone unplugs the drive or plugs it in again: while it is gone every operation
// fails, with ENODEV. It loses what a crash does; files and locks of before never
// come back.
func (d *Drive) SetGone(gone bool) {
	d.set(func(s *state) {
		if gone && !s.gone {
			d.unplug()
		}
		s.gone = gone
	})
}

// SetReadOnly lets every operation that changes the drive fail with EROFS.
func (d *Drive) SetReadOnly(readOnly bool) { d.set(func(s *state) { s.readOnly = readOnly }) }

// SetLying lets the drive say that syncs succeed and do nothing for them.
func (d *Drive) SetLying(lying bool) { d.set(func(s *state) { s.lying = lying }) }

func (d *Drive) set(change func(*state)) {
	d.machine.mu.Lock()
	defer d.machine.mu.Unlock()
	change(&d.state)
}

// SetFree makes the drive one on which so many bytes are free, in pages of 4096,
// with ENOSPC when they are used up.
func (d *Drive) SetFree(n int64) {
	d.machine.mu.Lock()
	defer d.machine.mu.Unlock()
	d.size = d.used + n
}

// Mend takes all faults away, but for damage to what the drive holds and for its size.
func (d *Drive) Mend() {
	d.machine.mu.Lock()
	defer d.machine.mu.Unlock()
	d.faults, d.state = nil, state{}
}

// Count returns how many operations of a kind, or of any, reached the drive.
func (d *Drive) Count(kind Kind) int {
	d.machine.mu.Lock()
	defer d.machine.mu.Unlock()
	return d.counts[kind]
}

// action is an operation that is to be done.
type action struct {
	op    Op
	on    *handle // the open file, or nil
	apply func() error
	// torn does what may be left of it when the power goes in the middle; nil
	// means that it is done or not. failed does what is left when it fails.
	torn, failed func()
}

// do does an operation, or what the drive's faults and the machine's power make of it.
func (d *Drive) do(a action) error {
	m := d.machine
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return d.failure(a.op, ErrCrashed)
	}
	if a.on != nil && a.on.closed {
		return d.failure(a.op, fs.ErrClosed)
	}
	a.op.Drive = d.name
	d.counts[a.op.Kind]++
	d.counts[Any]++
	err := d.suffer(a.op)
	if m.dead {
		return d.failure(a.op, ErrCrashed)
	}
	if a.op.Kind.changes() {
		m.ops++
		a.op.Number = m.ops
		m.left--
		m.dead = m.left < 0
	}
	switch {
	case m.dead:
		err = ErrCrashed
		if a.torn != nil {
			a.torn()
		} else if d.rng.IntN(2) == 0 {
			_ = a.apply()
		}
	case d.state.gone || a.on != nil && a.on.plugged != d.plugged:
		err = syscall.ENODEV
	case d.state.readOnly && a.op.Kind.changes():
		err = syscall.EROFS
	case err != nil:
		if a.failed != nil {
			a.failed()
		}
	default:
		err = a.apply()
	}
	if a.op.Kind.changes() {
		a.op.Err = err
		m.remember(a.op)
	}
	if err != nil {
		return d.failure(a.op, err)
	}
	return nil
}

// suffer waits as long as the faults say and returns the error to fail with.
func (d *Drive) suffer(op Op) error {
	var err error
	var delay time.Duration
	var holds []<-chan struct{}
	for _, f := range d.faults {
		if f.Kind != Any && f.Kind != op.Kind || f.Match != nil && !f.Match(op) {
			continue
		}
		if f.After > 0 {
			f.After--
			continue
		}
		if f.Times--; f.Times == 0 {
			f.Times = spent
		}
		if err == nil {
			err = f.Err
		}
		delay += f.Delay
		if f.Hold != nil {
			holds = append(holds, f.Hold)
		}
	}
	d.faults = slices.DeleteFunc(d.faults, func(f *Fault) bool { return f.Times == spent })
	if delay == 0 && holds == nil {
		return err
	}
	d.machine.mu.Unlock()
	defer d.machine.mu.Lock()
	time.Sleep(delay)
	for _, hold := range holds {
		<-hold
	}
	return err
}
