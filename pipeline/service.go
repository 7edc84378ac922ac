package pipeline

import (
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"croft/internal/events"
	"croft/internal/store"
)

// Deps are the rooms and engines that pipelines need.
type Deps struct {
	DB       *store.DB
	Bus      *events.Bus
	Source   Source
	Executor Executor
	Blobs    Blobs
	Sealer   Sealer
	Projects Projects
	Log      *slog.Logger // nil: silent
}

// Config bounds what runs may take. Zero fields take the defaults.
type Config struct {
	StateDir     string        // logs of running steps are in its folder logs; required
	Concurrency  int           // runs at once; default 2
	RunTimeout   time.Duration // of a run whose file does not say; default 1h
	FetchTimeout time.Duration // for getting the commit; default 10m
	CheckTimeout time.Duration // for asking a new repository for its branches; default 30s
	EngineGrace  time.Duration // how long an accepted run waits for an engine that went away; default 1m
	StopGrace    time.Duration // for cleaning up when Croft stops; default 30s
	MaxLogBytes  int64         // of one step; default 64 MiB
	MaxEvents    int           // runs of one repository that events of buckets started and that have not ended; default 4
	MaxQueued    int           // runs of one repository that wait; default 100
	MaxArtifacts int           // files of one run; default 10,000

	// RetryFirst and RetryMost bound the pauses between attempts of work that is
	// owed and fails; defaults 1s and 1m.
	RetryFirst, RetryMost time.Duration
}

func (c Config) withDefaults() Config {
	setDefault(&c.Concurrency, 2)
	setDefault(&c.RunTimeout, time.Hour)
	setDefault(&c.FetchTimeout, 10*time.Minute)
	setDefault(&c.CheckTimeout, 30*time.Second)
	setDefault(&c.EngineGrace, time.Minute)
	setDefault(&c.StopGrace, 30*time.Second)
	setDefault(&c.MaxLogBytes, 64<<20)
	setDefault(&c.MaxEvents, 4)
	setDefault(&c.MaxQueued, 100)
	setDefault(&c.MaxArtifacts, 10_000)
	setDefault(&c.RetryFirst, time.Second)
	setDefault(&c.RetryMost, time.Minute)
	return c
}

func setDefault[T int | int64 | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}

// Service is the pipeline room. Its methods may be called from any goroutine;
// runs make progress while Run is running.
type Service struct {
	db       *store.DB
	bus      *events.Bus
	source   Source
	executor Executor
	blobs    Blobs
	sealer   Sealer
	projects Projects
	log      *slog.Logger
	cfg      Config

	queue   chan struct{} // wakes the worker
	cleaner *chore        // removes what runs left on the engine
	keeper  *chore        // brings finished logs into the object store
	remover *chore        // finishes the removal of repositories

	mu     sync.Mutex // guards the following 2 fields
	active map[string]*activeRun
	live   map[string]*liveLog

	folders sync.Mutex // held while a log is created or removed: the folder goes with the last one
}

// New wires a Service. It does no I/O and starts nothing.
func New(deps Deps, cfg Config) *Service {
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		db: deps.DB, bus: deps.Bus, source: deps.Source, executor: deps.Executor,
		blobs: deps.Blobs, sealer: deps.Sealer, projects: deps.Projects, log: deps.Log,
		cfg:    cfg.withDefaults(),
		queue:  make(chan struct{}, 1),
		active: make(map[string]*activeRun),
		live:   make(map[string]*liveLog),
	}
	s.cleaner = s.newChore("engine cleanup", s.cleanPass())
	s.keeper = s.newChore("log upload", s.keepPass)
	s.remover = s.newChore("repository removal", s.removePass)
	return s
}

// wake rings a bell without waiting; one ring is as good as many.
func wake(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// logPath is where a step's log grows.
func (s *Service) logPath(runID, stepID string) string {
	return filepath.Join(s.cfg.StateDir, "logs", runID, stepID+".log")
}

// logKey is where a finished step's log is in LogBucket.
func logKey(runID, stepID string) string { return logPrefix(runID) + stepID + ".log" }

func logPrefix(runID string) string { return "logs/" + runID + "/" }
