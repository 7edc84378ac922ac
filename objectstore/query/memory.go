package query

const (
	// perValue is about what a value takes in memory besides its text, a name of it included.
	perValue = 80
	// freeMemory is how much a record takes without asking, in bytes, and memoryStep how much is
	// asked for at once.
	freeMemory = 2 << 20
	memoryStep = 4 << 20
)

// memory is what a record takes once it is read, which may be many times its length: room for that
// is asked for while it is read, and kept for the next one.
type memory struct {
	ask      func(bytes int64) (release func(), err error) // nil: there is room
	used     int64                                         // by this record
	asked    int64
	releases []func()
}

// again begins with another record.
func (m *memory) again() {
	if m != nil {
		m.used = 0
	}
}

func (m *memory) take(bytes int64) error {
	if m == nil || m.ask == nil {
		return nil
	}
	for m.used += bytes; m.used > freeMemory+m.asked; m.asked += memoryStep {
		release, err := m.ask(memoryStep)
		if err != nil {
			return err
		}
		m.releases = append(m.releases, release)
	}
	return nil
}

func (m *memory) release() {
	for _, release := range m.releases {
		release()
	}
	m.releases, m.asked = nil, 0
}
