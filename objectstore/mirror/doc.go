// Package mirror brings the objects of one S3 cluster to another, of which at least one
// is usually a Croft: each object with its attributes, tags and lock, in the parts it was
// uploaded in, compared with its ETag once it is there; older versions and delete markers in
// their order, where both keep them; and what buckets are set to. It keeps no state of its own: a
// mirror that was interrupted, or is repeated, finds at the target what is there already, but for a tag
// on buckets that it makes, until their settings are there, and a mark in uploads that it
// begins, until they are completed. Unfinished uploads without it are others' and let alone.
package mirror
