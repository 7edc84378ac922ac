// Package ids makes the identifiers of rows and requests: 20 lower-case
// characters, sortable by the second they were made in. They are names, never secrets.
package ids

import "github.com/rs/xid"

// New returns a fresh identifier.
func New() string { return xid.New().String() }
