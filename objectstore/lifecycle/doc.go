// Package lifecycle does what the lifecycle rules of buckets say, as S3 has them: it
// deletes objects and old versions, aborts uploads that nobody finishes, and moves
// bodies to tiers, when they are old enough.
//
// Rules are S3's own document, kept with the bucket (objectstore.Bucket.Documents).
// Parse reads it strictly, Rules.Judge says what is to become of a version and when,
// and Service keeps the rules and looks through the buckets that have any.
//
// It promises that nothing is deleted but what the rules mean at the moment of its
// deletion: the store asks again, in the step that deletes, whether the version is
// the one that was judged and whether it is judged the same still. What was
// overwritten, tagged otherwise or made current in between stays. A lock always wins.
// A key or a tier that fails holds up no other; it is counted, told in words, and
// tried again in the next round.
//
// It keeps no state of its own but counts: a round that is cut off begins anew, and
// finds what is left to do.
package lifecycle
