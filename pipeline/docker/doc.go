// Package docker runs pipeline steps on a Docker Engine: the implementation of
// [croft/pipeline.Executor].
//
// It talks to the Engine API only, with the version negotiated (Engine 20.10 and
// later), and shares no path with the engine's machine: a run's workspace is a
// named volume that is filled and read through the copy calls of a container
// that mounts it and is never started. So a remote engine, Docker Desktop and a
// plain user in the docker group all work.
//
// What a run has on the engine (containers, one network, one volume) carries the
// labels croft.instance and croft.run, and [Executor.Remove] takes away
// whatever carries them, until nothing is listed any more. A container that ended by
// itself stays until then; one that was cancelled or could not be observed is
// removed before Run returns.
//
// Step containers get no host powers: no privileged mode, no host path, no engine
// socket, no new privileges, fewer capabilities than Docker's default, a bound on processes. They
// run as the image's user; the workspace is writable for every user.
//
// Output is complete and in order per stream: attached before the start, and
// when the connection breaks while the container goes on, taken up again from the
// engine's own log where it broke off. Secrets are masked in whole lines, so no
// border between two pieces of output lets one through.
//
// The package starts no goroutine that outlives the call that needed it.
package docker
