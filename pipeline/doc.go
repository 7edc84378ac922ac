// Package pipeline turns commits into runs: it knows repositories, reads
// .croft.yml, queues runs, drives an Executor through their stages, and keeps
// their logs and artifacts.
//
// It promises:
//
//   - Every run reaches exactly one final state, whatever happens to Croft or the
//     engine meanwhile, and a final state never changes.
//   - What a run made on the engine is removed in the end; a row obliges to it
//     until the executor has confirmed.
//   - Runs start in the order in which they were triggered.
//   - A log line that was seen at an offset stays at that offset for ever.
//   - Credentials, webhook secrets and variables are sealed in rows, and secrets
//     are in no log.
//
// It refuses to guess: a pipeline file with a mistake does not run in part, and a
// run is not accepted while there is no engine to run it.
//
// Rows change only through Service.change, which raises a run's revision;
// events.RunChanged tells that it happened. Work that must survive a crash is in
// rows: a run's state, cleanup_owed, a step's log, a repository's deleted_at.
package pipeline
