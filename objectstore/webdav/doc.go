// Package webdav lets file managers and other WebDAV clients use buckets as folders. It is a
// client of the S3 protocol in the same process: whatever it does to a bucket is an S3 request,
// signed with the access key that came with Basic authentication, so that permissions, quotas, locks, versions,
// events and logs are those of S3. It keeps nothing but locks, in memory, and remembers addresses that
// sent wrong keys. Bodies stream: no upload or download is held in memory, but for parts of uploads
// whose length nobody said.
//
// A folder is what keys have in common up to a slash; one that is made is an empty object whose key ends
// with a slash. Properties cannot be set. Only buckets that are set to it are served, at Prefix/BUCKET/.
package webdav
