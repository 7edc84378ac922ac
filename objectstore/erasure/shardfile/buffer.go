package shardfile

import (
	"sync"
	"sync/atomic"
)

// maxAhead bounds the memory of all streams together, in bytes, beyond the one
// stripe that each of them needs to get anywhere.
const maxAhead = 96 << 20

// memory lends buffers, which are used again. The zero value is ready.
type memory struct {
	pools sync.Map // of *sync.Pool by length
	ahead atomic.Int64
}

func (m *memory) take(n int64) []byte {
	p, ok := m.pools.Load(n)
	if !ok {
		p, _ = m.pools.LoadOrStore(n, new(sync.Pool))
	}
	if b, _ := p.(*sync.Pool).Get().(*[]byte); b != nil {
		return *b
	}
	return make([]byte, n)
}

func (m *memory) put(b []byte) {
	if p, ok := m.pools.Load(int64(len(b))); ok {
		p.(*sync.Pool).Put(&b)
	}
}

// mayTakeAhead reports whether a stream may have n bytes more than it needs, and
// counts them until gaveBack is called.
func (m *memory) mayTakeAhead(n int64) bool {
	for {
		taken := m.ahead.Load()
		if taken+n > maxAhead {
			return false
		}
		if m.ahead.CompareAndSwap(taken, taken+n) {
			return true
		}
	}
}

func (m *memory) gaveBack(n int64) { m.ahead.Add(-n) }

// stripe is the memory of one stripe: its data chunks one right behind the other,
// and its parity chunks. Who uses it is counted; the last one gives it back.
type stripe struct {
	memory *memory
	data   []byte
	parity []byte // nil until it is needed
	ahead  int64  // bytes that count as taken ahead
	users  atomic.Int32
	free   func(*stripe) // instead of giving back; may be nil
}

// newStripe returns a stripe with one user.
func (m *memory) newStripe(data int64) *stripe {
	st := &stripe{memory: m, data: m.take(data)}
	st.users.Store(1)
	return st
}

func (st *stripe) needParity(n int64) {
	if st.parity == nil && n > 0 {
		st.parity = st.memory.take(n)
	}
}

// chunk is where a shard's chunk of a length has its place.
func (st *stripe) chunk(shard, dataShards int, length int64) []byte {
	b := st.data
	if shard >= dataShards {
		b, shard = st.parity, shard-dataShards
	}
	return b[int64(shard)*length : int64(shard+1)*length : int64(shard+1)*length]
}

func (st *stripe) hold() { st.users.Add(1) }

func (st *stripe) release() {
	if st.users.Add(-1) > 0 {
		return
	}
	if st.free != nil {
		st.free(st)
		return
	}
	st.giveBack()
}

func (st *stripe) giveBack() {
	st.memory.put(st.data)
	if st.parity != nil {
		st.memory.put(st.parity)
	}
	if st.ahead > 0 {
		st.memory.gaveBack(st.ahead)
	}
	st.data, st.parity, st.ahead = nil, nil, 0
}
