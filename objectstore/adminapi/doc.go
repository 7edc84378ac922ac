// Package adminapi answers the calls of `mc admin`, the operators' command of MinIO's
// client, so that whoever has it in hand and in scripts looks after Croft with it. They are
// spoken at the address of S3, under /minio/, and signed with the same keys.
//
// It promises that nothing is done that Gate does not allow; that what is sent encrypted is
// read only from who holds the secret; that what it says is what is, never a likely
// figure; and that what Croft does not do is refused in words with the code NotImplemented.
//
// calls.go is the table of what is answered, refused.go that of what is refused.
package adminapi
