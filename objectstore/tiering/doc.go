// Package tiering keeps bodies of old objects in buckets of other S3 clusters, its
// tiers, and knows which there are.
//
// A body is an object PREFIX DEPLOYMENT/NAME of a tier's bucket. It promises what
// objectstore.Tier does: a body that was put is there, whole and as it was sent, as
// far as the cluster can be made to say so: it checks the MD5 of all that is sent, and
// is asked afterwards what it has. What is read is resumed where a connection breaks.
// A body that is not there any more is told apart from a cluster that cannot be
// reached now, and neither ever looks like a short body.
//
// The object PREFIX croft-tier.json says whose a prefix is: it is never shared by two
// deployments, nor by two tiers. It refuses a bucket of its own store, names that S3
// clients could not ask for, and removing a tier that keeps anything. Secret keys are
// sealed at rest and show in no log.
package tiering
