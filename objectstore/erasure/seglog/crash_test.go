package seglog

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/driveset"
)

// wider is what sets grow to.
var wider = map[driveset.Geometry][]driveset.Geometry{
	{Data: 1}:            {{Data: 1, Parity: 1}, {Data: 2, Parity: 2}},
	{Data: 1, Parity: 1}: {{Data: 2, Parity: 1}, {Data: 3, Parity: 1}},
	{Data: 2, Parity: 1}: {{Data: 2, Parity: 2}, {Data: 3, Parity: 2}},
	{Data: 2, Parity: 2}: {{Data: 3, Parity: 2}},
	{Data: 3, Parity: 3}: {{Data: 6, Parity: 3}},
	{Data: 4, Parity: 2}: {{Data: 6, Parity: 1}},
}

// TestCrash lets the power go in the middle of a workload, again and again at
// another operation, and looks at what later openings make of what is left, some
// of them with drives missing and some cut off themselves. CROFT_CRASH_N is how
// many such histories there are for each geometry, CROFT_CRASH_SEED the first's seed.
func TestCrash(t *testing.T) {
	histories, first := 40, uint64(1)
	if testing.Short() {
		histories = 15
	}
	if n, err := strconv.Atoi(os.Getenv("CROFT_CRASH_N")); err == nil {
		histories = n
	}
	if n, err := strconv.ParseUint(os.Getenv("CROFT_CRASH_SEED"), 10, 64); err == nil {
		first = n
	}
	for _, g := range []driveset.Geometry{{Data: 1}, {Data: 1, Parity: 1}, {Data: 2, Parity: 1}, {Data: 2, Parity: 2}, {Data: 3, Parity: 3}, {Data: 4, Parity: 2}} {
		t.Run(fmt.Sprintf("%d+%d", g.Data, g.Parity), func(t *testing.T) {
			for i := range histories {
				h := newHistory(t, first+uint64(i), g)
				if i%3 == 0 {
					h.wider = wider[g]
				}
				h.run()
				if t.Failed() {
					t.Logf("again with CROFT_CRASH_N=1 CROFT_CRASH_SEED=%d -run %s", h.seed, t.Name())
					return
				}
			}
		})
	}
}

// TestCrashAtEveryOperation lets the power go at each operation of a short workload
// in turn. CROFT_CRASH_N is how often.
func TestCrashAtEveryOperation(t *testing.T) {
	rounds, stride := 1, 1
	if testing.Short() {
		stride = 9
	}
	if n, err := strconv.Atoi(os.Getenv("CROFT_CRASH_N")); err == nil {
		rounds = min(n, 1+n/40)
	}
	for round := range rounds {
		for point := 0; ; point += stride {
			h := newHistory(t, uint64(1e6*round+point), driveset.Geometry{Data: 2, Parity: 1})
			h.point = point
			h.run()
			if t.Failed() {
				t.Logf("power lost after %d operations", point)
				return
			}
			if !h.reached {
				break
			}
		}
	}
}

// TestCrashWhileGrowing lets the power go at each operation of an opening that adds
// drives, in turn.
func TestCrashWhileGrowing(t *testing.T) {
	rounds, stride := 1, 5
	if testing.Short() {
		stride = 15
	}
	if n, err := strconv.Atoi(os.Getenv("CROFT_CRASH_N")); err == nil {
		rounds, stride = min(n, 1+n/40), 1
	}
	for round := range rounds {
		for _, g := range []driveset.Geometry{{Data: 2, Parity: 1}, {Data: 2, Parity: 2}} {
			for point := 0; ; point += stride {
				h := newHistory(t, uint64(1e6*round+point), g)
				if !h.growAt(wider[g][0], point) {
					if t.Failed() {
						t.Logf("power lost after %d operations", point)
						return
					}
					break
				}
			}
		}
	}
}

// growAt grows a set that is whole, and lets the power go at an operation. It
// reports whether there were so many.
func (h *history) growAt(to driveset.Geometry, point int) bool {
	h.rng = rand.New(rand.NewPCG(h.seed, 2))
	h.point = point
	m := newSim(h.t, h.seed, h.g)
	states, ok := h.opening(m, []*user{newUser()}, opening{appends: 1 + h.rng.IntN(3)})
	if !ok || !h.grow(&m, &states, to) || !h.healed(&m, &states) {
		h.errorf("not grown")
		return false
	}
	reached := h.reached
	m = h.crash(m)
	if _, ok := h.opening(m, states, opening{missing: h.some(h.g.Parity), whole: true, appends: 1}); !ok || h.t.Failed() {
		h.errorf("not whole in the end")
		h.report(m)
		return false
	}
	return reached
}

// version says what was written under a key: the last version that was acknowledged
// or seen after a start, and that was tried. They count from 1.
type version struct{ sure, tried int }

// history is what happens to one set of drives, and what must be true of it.
type history struct {
	t    *testing.T
	seed uint64
	rng  *rand.Rand
	g    driveset.Geometry
	// point is the operation at which the power goes first, -1 any; reached says that
	// there were so many.
	point   int
	reached bool
	wider   []driveset.Geometry // that the set grows to

	mu     sync.Mutex // guards the following 4 fields
	keys   map[string]version
	fixed  map[uint64]Position // what is behind the record of a number, for those that must stay
	steps  []string
	floor  int             // the user's oldest state that may come back after a crash
	begun  bool            // all drives were there once
	behind driveset.Places // drives that were away when something was written

	before []driveset.Geometry // of the set, before it grew
	// growing says that it is not known whether the set has grown the last time, and
	// grown that all drives were there since.
	growing, grown bool
}

func newHistory(t *testing.T, seed uint64, g driveset.Geometry) *history {
	return &history{t: t, seed: seed, g: g, point: -1, keys: make(map[string]version), fixed: make(map[uint64]Position)}
}

func (h *history) step(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.steps = append(h.steps, fmt.Sprintf(format, args...))
}

func (h *history) errorf(format string, args ...any) {
	h.t.Helper()
	h.t.Errorf("seed %d: "+format, append([]any{h.seed}, args...)...)
}

// run plays the history. After the first power loss every drive is asked for at
// least once, with or without others before.
func (h *history) run() {
	h.rng = rand.New(rand.NewPCG(h.seed, 1))
	m := newSim(h.t, h.seed, h.g)
	states := []*user{newUser()}
	first := opening{appends: 12}
	if h.point < 0 {
		m.CrashAfter(crashPoint(h.rng, 60*h.g.Drives()))
	} else {
		m.CrashAfter(h.point)
		first.appends = 3
	}
	states, _ = h.opening(m, states, first)
	h.reached = m.Crashed()
	for round := range 2 + h.rng.IntN(3) {
		m = h.crash(m)
		missing := h.some(h.rng.IntN(h.g.Parity + 1))
		if round == 0 && h.rng.IntN(2) == 0 {
			missing = 0
		}
		if h.rng.IntN(2) == 0 {
			m.CrashAfter(crashPoint(h.rng, 20*h.g.Drives()))
		}
		states, _ = h.opening(m, states, opening{missing: missing, appends: h.rng.IntN(4)})
	}
	// Everything comes back, and nothing is lost.
	end := func(o opening) bool {
		m = h.crash(m)
		var ok bool
		if states, ok = h.opening(m, states, o); !ok || h.t.Failed() {
			h.errorf("not open in the end")
			h.report(m)
			return false
		}
		return true
	}
	if !end(opening{}) || !h.healed(&m, &states) || !end(opening{missing: h.some(h.g.Parity), whole: true, appends: 1}) {
		return
	}
	for _, wider := range h.wider {
		if !h.healed(&m, &states) || !h.grow(&m, &states, wider) ||
			!h.healed(&m, &states) || !end(opening{missing: h.some(h.g.Parity), whole: true, appends: 1}) {
			return
		}
	}
	// Blank drives take some places and are filled.
	if !h.healed(&m, &states) {
		return
	}
	m = h.crash(m)
	for i, blank := 0, h.some(h.g.Drives()-h.g.WriteQuorum()); i < h.g.Drives(); i++ {
		if blank.Has(i) {
			h.step("wiped %d", i)
			simDrive(m, i).Wipe()
		}
	}
	states, h.floor = []*user{newUser()}, 0
	if end(opening{whole: true, appends: 1}) && h.healed(&m, &states) {
		states, h.floor = []*user{newUser()}, 0
		end(opening{missing: h.some(h.g.Parity), whole: true})
	}
}

// healed heals everything, cut off at times.
func (h *history) healed(m **simdisk.Machine, states *[]*user) bool {
	for {
		*m = h.crash(*m)
		if h.rng.IntN(2) == 0 {
			(*m).CrashAfter(crashPoint(h.rng, 30*h.g.Drives()))
		}
		var ok bool
		*states, ok = h.opening(*m, *states, opening{heal: true})
		if h.t.Failed() {
			h.report(*m)
			return false
		}
		if ok && !(*m).Crashed() {
			return true
		}
	}
}

func (h *history) report(m *simdisk.Machine) {
	h.t.Log(strings.Join(h.steps, "\n"))
	trace := m.Trace()
	for _, op := range trace[max(0, len(trace)-40):] {
		h.t.Log(op)
	}
}

// crashPoint prefers early operations a little.
func crashPoint(rng *rand.Rand, n int) int { return rng.IntN(1 + rng.IntN(n)) }

func (h *history) crash(m *simdisk.Machine) *simdisk.Machine {
	if h.rng.IntN(6) == 0 {
		h.step("killed")
		return m.Kill()
	}
	h.step("power lost")
	return m.Crash()
}

// some chooses drives, up to as many, that may be lost.
func (h *history) some(n int) (p driveset.Places) {
	for _, i := range h.rng.Perm(h.g.Drives())[:n] {
		fits := true
		for _, g := range h.before {
			fits = fits && (p.With(i)&driveset.AllPlaces(g.Drives())).Count() <= g.Drives()-g.WriteQuorum()
		}
		if fits {
			p = p.With(i)
		}
	}
	return p
}

// grow adds drives to the set, cut off in between at times, with some of them
// missing later.
func (h *history) grow(m **simdisk.Machine, states *[]*user, to driveset.Geometry) bool {
	*m = h.crash(*m)
	h.step("grow to %v", to)
	h.before, h.g, h.growing, h.grown = append(h.before, h.g), to, true, false
	if h.point < 0 {
		(*m).CrashAfter(crashPoint(h.rng, 30*h.g.Drives()))
	} else {
		(*m).CrashAfter(h.point)
	}
	*states, _ = h.opening(*m, *states, opening{appends: 3})
	h.reached = (*m).Crashed()
	for range 1 + h.rng.IntN(3) {
		*m = h.crash(*m)
		missing := h.some(h.rng.IntN(h.g.Parity + 1))
		if h.rng.IntN(2) == 0 {
			(*m).CrashAfter(crashPoint(h.rng, 20*h.g.Drives()))
		}
		*states, _ = h.opening(*m, *states, opening{missing: missing, appends: h.rng.IntN(4)})
	}
	*m = h.crash(*m)
	var ok bool
	if *states, ok = h.opening(*m, *states, opening{appends: h.rng.IntN(2)}); !ok || h.growing || h.t.Failed() {
		h.errorf("not grown in the end")
		h.report(*m)
		return false
	}
	return true
}

// set assembles the drives. While it is not known whether the set has grown it may
// be what it was.
func (h *history) set(m *simdisk.Machine, missing driveset.Places) (*driveset.Set, error) {
	set, err := openSim(m, h.g, missing)
	if !h.growing || m.Crashed() {
		return set, err
	}
	if err != nil {
		h.step("  not as %v: %v", h.g, err)
		was := h.before[len(h.before)-1]
		if missing == 0 {
			return nil, err
		}
		if set, err = openSim(m, was, missing&driveset.AllPlaces(was.Drives())); err != nil {
			h.step("  nor as %v: %v", was, err)
		}
		return set, err
	}
	h.growing = false
	return set, nil
}

// known reports whether so many drives are there that the log must be found.
func (h *history) enough(set *driveset.Set, known driveset.Places) bool {
	for _, g := range set.Earlier {
		if !h.grown && (known&driveset.AllPlaces(g.Drives())).Count() < g.ReadQuorum() {
			return false
		}
	}
	return (known & driveset.AllPlaces(len(set.Drives))).Count() >= set.Geometry.ReadQuorum()
}

// user is what follows the log and keeps what it saw.
type user struct {
	start  Start
	values map[string]value
}

type value struct {
	version int
	at      Location
	unsure  bool
}

func newUser() *user { return &user{values: make(map[string]value)} }

// opening is a run of a program on the drives.
type opening struct {
	missing driveset.Places
	appends int  // how many there are, about
	heal    bool // everything
	whole   bool // everything must be readable; without missing drives it must anyhow
}

// opening opens the log from one of the states that the user may have been left in,
// looks at everything, and appends. It returns the states that the next one may
// find, and whether the log was open.
func (h *history) opening(m *simdisk.Machine, states []*user, what opening) ([]*user, bool) {
	missing, appends := what.missing, what.appends
	complete := missing == 0 || what.whole
	from := states[h.floor+h.rng.IntN(len(states)-h.floor)]
	if h.rng.IntN(3) == 0 {
		from = states[len(states)-1]
	}
	if h.rng.IntN(4) == 0 {
		from = newUser()
	}
	h.step("open from %v/%v: %+v", from.start.Stable, from.start.Applied, what)
	set, err := h.set(m, missing)
	if err != nil {
		if !m.Crashed() && !(h.growing && missing != 0) {
			h.errorf("set: %v", err)
		}
		return states, false
	}
	defer set.Close()
	o := &opened{history: h, machine: m, states: []*user{from}}
	l, err := o.open(set, from.start)
	if errors.Is(err, ErrStale) && from.start != (Start{}) {
		h.step("stale")
		o.states = []*user{newUser()}
		l, err = o.open(set, Start{})
	}
	if err != nil {
		// Drives that were away when something was written are none to read it from.
		known := driveset.AllPlaces(h.g.Drives()) &^ (missing | h.behind)
		if !m.Crashed() && (complete || h.begun && h.enough(set, known) || !errors.Is(err, objectstore.ErrReadQuorum)) {
			h.errorf("open: %v", err)
		}
		return states, false
	}
	defer l.Close()
	all := missing == 0 && !m.Crashed()
	h.begun, h.grown = h.begun || all, h.grown || all && len(set.Drives) == h.g.Drives()
	writable := set.Writable().Count() >= set.Geometry.WriteQuorum()
	if !m.Crashed() && writable {
		h.fix(o)
	}
	o.check(l, complete)
	if appends > 0 && writable {
		h.behind |= missing
		o.work(l, appends)
		o.check(l, complete)
	}
	if what.heal && !m.Crashed() {
		if err := healAll(h.t.Context(), l, set); err == nil {
			h.behind = 0
		} else if !m.Crashed() {
			h.errorf("heal: %v", err)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(o.states) == 0 {
		h.floor = 0
		return states, true
	}
	h.floor = o.floor
	return o.states, true
}

// opened is a log that is open and the states that its user went through.
type opened struct {
	*history
	machine *simdisk.Machine
	states  []*user // by age
	floor   int
	seen    []Batch
}

func (o *opened) open(set *driveset.Set, start Start) (*Log, error) {
	o.seen, o.floor = nil, 0
	return Open(o.t.Context(), Config{Set: set, SegmentBytes: 40 << 10, Apply: o.apply}, start)
}

func (o *opened) last() *user { return o.states[len(o.states)-1] }

// apply checks that a batch is the one after the last, and one that was there
// before if any was.
func (o *opened) apply(b Batch) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if n := len(o.seen); n > 0 {
		if p := o.seen[n-1].Next; b.At.Seq < p.Seq || b.At.Segment == p.Segment && b.At != p {
			o.errorf("batch at %v follows one that ends at %v", b.At, p)
		}
	}
	if p, ok := o.fixed[b.At.Seq]; ok && p != b.Next {
		o.errorf("record %d ended at %v and now at %v", b.At.Seq, p, b.Next)
	}
	if !b.Replay {
		o.fixed[b.At.Seq] = b.Next
	}
	var metas []string
	for _, e := range b.Entries {
		metas = append(metas, string(e.Meta))
	}
	o.steps = append(o.steps, fmt.Sprintf("  %v to %v replay %v unsure %v: %v, freed %x", b.At, b.Next, b.Replay, b.Unsure, metas, b.Freed))
	o.seen = append(o.seen, b)
	u := &user{start: Start{Stable: b.Stable, Applied: b.Next}, values: maps.Clone(o.last().values)}
	for _, e := range b.Entries {
		key, v := parseEntry(e.Meta)
		if v >= u.values[key].version { // one that was only moved may come late
			u.values[key] = value{v, e.Location, b.Unsure}
		}
	}
	o.states = append(o.states, u)
	return nil
}

// fix makes what was replayed something that has to stay.
func (h *history) fix(o *opened) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, b := range o.seen {
		if !b.Unsure {
			h.fixed[b.At.Seq] = b.Next
		}
	}
	for key, v := range o.last().values {
		k := h.keys[key]
		if v.unsure {
			continue
		}
		k.sure = max(k.sure, v.version)
		h.keys[key] = k
	}
}

// check compares what the user knows and what can be read with what was written.
func (o *opened) check(l *Log, complete bool) {
	o.mu.Lock()
	u, keys := o.last(), maps.Clone(o.keys)
	end := l.position()
	for seq := range o.fixed {
		if seq >= end.Seq {
			o.errorf("the log ends before record %d, there was %d", end.Seq, seq)
		}
	}
	o.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		k, v := keys[key], u.values[key]
		if v.version < k.sure || v.version > k.tried {
			o.errorf("%s is version %d, want %d to %d", key, v.version, k.sure, k.tried)
		}
		if v.version == 0 {
			continue
		}
		want := o.body(key, v.version)
		got := make([]byte, v.at.Length)
		err := l.ReadAt(o.t.Context(), &v.at, got, 0)
		switch {
		case err == nil && !bytes.Equal(got, want):
			o.errorf("%s/%d: wrong bytes", key, v.version)
		case err != nil && o.machine.Crashed():
		case err != nil && (complete || !errors.Is(err, objectstore.ErrReadQuorum)):
			o.errorf("%s/%d at %016x+%d: %v", key, v.version, v.at.Segment, v.at.Record(), err)
		}
	}
}

// work appends from several goroutines and frees the oldest segments meanwhile.
func (o *opened) work(l *Log, appends int) {
	var wg sync.WaitGroup
	for w := range 3 {
		rng := rand.New(rand.NewPCG(o.seed, uint64(10+w)))
		wg.Go(func() {
			for range appends {
				if !o.append(l, fmt.Sprintf("w%d", w), rng) {
					return
				}
			}
		})
	}
	wg.Go(func() {
		for range appends / 3 {
			if !o.compact(l) {
				return
			}
		}
	})
	wg.Wait()
}

// append writes the next versions of one or two keys in one piece.
func (o *opened) append(l *Log, prefix string, rng *rand.Rand) bool {
	var entries []Entry
	for _, i := range rng.Perm(4)[:1+rng.IntN(2)] {
		key := fmt.Sprintf("%s.%d", prefix, i)
		o.mu.Lock()
		k := o.keys[key]
		k.tried++
		o.keys[key] = k
		o.mu.Unlock()
		entries = append(entries, Entry{Meta: entry(key, k.tried), Payload: o.body(key, k.tried)})
	}
	_, err := l.Append(o.t.Context(), Options{}, entries...)
	if err != nil {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range entries {
		key, v := parseEntry(e.Meta)
		o.keys[key] = version{sure: max(o.keys[key].sure, v), tried: o.keys[key].tried}
	}
	return true
}

// compact moves what is needed out of the oldest segment and frees it.
func (o *opened) compact(l *Log) bool {
	all := l.Segments()
	if len(all) < 3 {
		return true
	}
	id := all[0].ID
	o.mu.Lock()
	u := o.last()
	o.mu.Unlock()
	if u.start.Stable.Segment <= id {
		return true // not all of it is applied, or on all drives
	}
	if l.isUnsure() {
		return true
	}
	var moved []Entry
	for key, v := range u.values {
		if v.at.Segment == id {
			moved = append(moved, Entry{Meta: entry(key, v.version), Payload: o.body(key, v.version)})
		}
	}
	slices.SortFunc(moved, func(a, b Entry) int { return cmp.Compare(string(a.Meta), string(b.Meta)) })
	if len(moved) > 0 {
		if _, err := l.Append(o.t.Context(), Options{Urgent: true}, moved...); err != nil {
			return false
		}
	}
	// The user's state is durable from here on.
	o.mu.Lock()
	o.floor = len(o.states) - 1
	o.mu.Unlock()
	return l.Free(o.t.Context(), id) == nil
}

func entry(key string, v int) []byte { return fmt.Appendf(nil, "%s/%d", key, v) }

func parseEntry(meta []byte) (key string, v int) {
	key, number, _ := strings.Cut(string(meta), "/")
	v, _ = strconv.Atoi(number)
	return key, v
}

// body is the payload of a version: mostly small, at times larger than a segment.
func (h *history) body(key string, v int) []byte {
	var seed [32]byte
	copy(seed[:], fmt.Sprintf("%d %s/%d", h.seed, key, v))
	source := rand.NewChaCha8(seed)
	n := []int{0, 1, 300, 3000, 9000, 30_000, 70_000, 200_000}[rand.New(source).IntN(40)%8]
	b := make([]byte, n)
	_, _ = source.Read(b)
	return b
}
