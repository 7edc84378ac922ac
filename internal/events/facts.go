package events

// RunChanged says that a run, one of its stages or one of its steps has a new state.
type RunChanged struct {
	ProjectID string
	RunID     string
}

// LogAppended says that a step's log grew.
type LogAppended struct {
	RunID  string
	StepID string
}

// MessagesCommitted says that chat has committed events up to the global sequence Seq.
type MessagesCommitted struct {
	Seq int64
}

// ProjectCreated says that a project exists.
type ProjectCreated struct {
	ProjectID string
}
