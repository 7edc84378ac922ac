package app

const canReplace = false

// Replace always fails: Windows does not let one program take the place of another.
func Replace() error { return errNoRestart }
