// Package replication copies buckets to other S3 clusters: what is written to a
// bucket with a rule is written to the rule's target some time later.
//
// It promises that nothing is lost on the way. The obligation to copy an object is
// remembered by the store, in the step that writes the object (see
// objectstore.ChangeFeed), and ends only once the target has the copy and the copy
// was verified. A target that is away for days, a restart at any moment and a
// catalogue that is built anew cost time, not objects. Changes of one key arrive in
// order; of what was overwritten before it could be copied, only the last arrives,
// unless the bucket keeps versions.
//
// A change may arrive more than once. What cannot be copied is tried again, ever more
// rarely, counted, and told in words; it does not hold up other keys.
//
// Copies carry a mark by which they are known. They are not copied on, so that two
// clusters may copy to each other.
package replication
