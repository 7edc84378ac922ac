// Package git fetches commits from Git servers in process, over smart HTTP.
//
// It promises to bring as little as the server lets it (one commit deep where
// that is possible), to stop when its context ends, to bound what a repository
// may weigh, and to keep credentials out of errors and away from other hosts. It
// makes no working copy and no .git folder: the tree goes straight from the pack
// into a tar stream. It does not follow submodules and knows nothing of LFS.
//
// It is the only room that knows go-git.
package git
