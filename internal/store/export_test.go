package store

// Queued is how many writes wait for the writer.
func Queued(db *DB) int {
	db.mu.Lock()
	defer db.mu.Unlock()
	return len(db.queue)
}
