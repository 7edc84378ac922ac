package simdisk

import (
	"errors"
	"hash/fnv"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
)

// ErrCrashed is what every operation on a machine without power ends with.
var ErrCrashed = errors.New("the machine has lost its power")

// Machine is a computer with drives.
type Machine struct {
	mu       sync.Mutex // guards what follows and all that the drives hold
	seed     uint64
	drives   map[string]*Drive
	ops      int
	left     int // operations until the power goes
	dead     bool
	outcomes uint64 // drawn so far
	trace    []Op
}

// NewMachine returns a machine without drives. All that is left to chance follows
// from the seed.
func NewMachine(seed uint64) *Machine {
	return &Machine{seed: seed, drives: make(map[string]*Drive), left: math.MaxInt}
}

// Drive returns the drive of a name, a new and empty one if there is none yet.
func (m *Machine) Drive(name string) *Drive {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.drives[name] == nil {
		m.drives[name] = newDrive(m, name)
	}
	return m.drives[name]
}

// Drives returns all drives in order of name.
func (m *Machine) Drives() []*Drive {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sorted()
}

func (m *Machine) sorted() []*Drive {
	drives := make([]*Drive, 0, len(m.drives))
	for _, name := range slices.Sorted(maps.Keys(m.drives)) {
		drives = append(drives, m.drives[name])
	}
	return drives
}

// Ops returns how many operations that change a drive there were, failed ones too.
func (m *Machine) Ops() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ops
}

// CrashAfter lets the power go in the middle of the operation that follows n
// further ones that change a drive: that one and all after it, reading too, fail
// with ErrCrashed. Ask Crash then for what the drives hold.
func (m *Machine) CrashAfter(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left = n
}

// Crashed reports whether the machine is without power.
func (m *Machine) Crashed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dead
}

// Trace returns the newest operations that changed a drive, oldest first.
func (m *Machine) Trace() []Op {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.trace[max(0, len(m.trace)-traced):])
}

// traced is how many operations are remembered at least.
const traced = 1 << 14

func (m *Machine) remember(op Op) {
	if len(m.trace) == 2*traced {
		m.trace = append(m.trace[:0], m.trace[traced:]...)
	}
	m.trace = append(m.trace, op)
}

// Clone returns a machine that holds the same, in the page cache too, and the
// faults, but no open files, locks or coming crash. The two have no effect on
// each other.
func (m *Machine) Clone() *Machine {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.clone()
}

func (m *Machine) clone() *Machine {
	n := NewMachine(m.seed)
	for name, d := range m.drives {
		n.drives[name], _ = d.clone(n)
	}
	return n
}

// Kill ends all programs: what they wrote stays, durable or not. The machine is
// dead, and what it holds goes on in the one returned.
func (m *Machine) Kill() *Machine {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = true
	return m.clone()
}

// Outcome says how much of what was not synced a crash leaves.
type Outcome int

const (
	Random   Outcome = iota // some of it
	LoseAll                 // none of it
	KeepAll                 // all of it
	outcomes                // how many there are
)

// Crash returns a machine with what the drives hold when the power goes now: of
// what is not durable some, all or none, by chance. The machine itself is dead, but
// may be asked again: the next outcome is another one.
func (m *Machine) Crash() *Machine {
	m.mu.Lock()
	defer m.mu.Unlock()
	rng := m.outcome()
	how := Random
	if n := Outcome(rng.IntN(8)); n < outcomes {
		how = n
	}
	return m.crash(rng, how)
}

// CrashTo is Crash with an outcome of one's choice.
func (m *Machine) CrashTo(how Outcome) *Machine {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.crash(m.outcome(), how)
}

func (m *Machine) outcome() *rand.Rand {
	m.outcomes++
	return rand.New(rand.NewPCG(m.seed, m.outcomes))
}

func (m *Machine) crash(rng *rand.Rand, how Outcome) *Machine {
	m.dead = true
	n := NewMachine(rng.Uint64())
	for _, d := range m.sorted() {
		copied, parts := d.clone(n)
		copied.crash(parts, rng, how)
		n.drives[d.name] = copied
	}
	return n
}

// hash tells drives of one machine apart in what chance does to them.
func hash(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return h.Sum64()
}
