package events

// RunChanged says that a run, one of its stages or one of its steps has a new state.
type RunChanged struct {
	ProjectID string
	RunID     string
}

// MessagesCommitted says that chat has committed events up to the global sequence Seq.
type MessagesCommitted struct {
	Seq int64
}

// ProjectCreated says that a project exists.
type ProjectCreated struct {
	ProjectID string
}

// AccessChanged says that what a user may see has changed: a membership, a role,
// or the user being disabled or enabled. An empty UserID is everybody.
type AccessChanged struct {
	UserID string
}
