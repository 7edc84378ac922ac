// Package grants is what a bucket says of who may reach it, beside the roles of its
// project: its policy, ACLs of the bucket and of objects, who owns objects, and the
// switches that keep the public out.
//
// All of it is text in the documents of a bucket and in the system attributes of
// objects; Reader reads it once for as long as it does not change. The package decides
// nothing: it answers what the policy says, what a grant allows, and what is public.
// How that joins with roles is decided where the roles are.
package grants
