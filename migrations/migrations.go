// Package migrations carries the numbered SQL files that bring the state
// database up to date. A file that has been released is never changed; the next
// change is the next number.
package migrations

import "embed"

// Files holds NNNN_name.sql.
//
//go:embed *.sql
var Files embed.FS
