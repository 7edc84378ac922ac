// Package mirror brings the objects of one S3 cluster to another, of which at least one
// is usually a Croft: each object with its attributes and tags, in the parts it was
// uploaded in, compared with its ETag once it is there. It keeps no state of its own: a
// mirror that was interrupted, or is repeated, finds at the target what is there already.
package mirror
