// Package iamapi speaks the Query protocol of IAM (2010-05-08) and STS (2011-06-15) over
// accounts: the calls that people make with "aws iam" and "aws sts".
//
// It promises that every call but those with which somebody proves who they are passes
// account.Service.Permit before it finds anything out, that what changed or was refused
// is in the audit log, and that errors have the codes of IAM. It refuses what it does
// not do rather than pretend: paths, tags and permission boundaries among them.
//
// Signatures are verified by whoever hands requests over.
package iamapi
