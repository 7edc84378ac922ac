// Package notification tells others what happens in buckets, as S3 does: rules say which
// events of which keys go to which target, and each is delivered at least once, in order
// of the key, however long the target is away.
//
// What is to be told is kept by the store in the step that makes the change (see
// objectstore.Announcer): an acknowledged write has its event, a refused one has none, and
// nothing that kills Croft or loses its catalogue takes one away. An event ends only once
// its target took it, or somebody who may change the bucket discarded it. It is never
// dropped to make room: where the drives are full, writes fail.
//
// Targets are webhooks, which only administrators make, since Croft sends requests from
// its own network there, and Croft's own: pipelines and the room of the bucket's project.
package notification
