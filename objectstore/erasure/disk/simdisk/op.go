package simdisk

import "fmt"

// Kind is what an operation does.
type Kind int

// The kinds; those from Create on change the drive and are counted by Ops.
const (
	Any Kind = iota // of a Fault: every kind
	Open
	Read
	Size
	List
	Space
	Create // also of a lock's file
	Write
	Sync
	SyncDir
	Settle
	Rename
	Remove
	Mkdir
	Allocate
	Truncate
	kinds
)

var kindNames = [kinds]string{
	"any", "open", "read", "size", "list", "space", "create", "write", "sync", "syncdir", "settle", "rename", "remove", "mkdir", "allocate", "truncate",
}

func (k Kind) String() string { return kindNames[k] }

// changes reports whether an operation of this kind changes the drive.
func (k Kind) changes() bool { return k >= Create }

// Op is one operation on a drive.
type Op struct {
	Number int // of Ops, from 1; 0 when it changes nothing
	Drive  string
	Kind   Kind
	Name   string // an open file's is the one it was opened by
	To     string // of Rename
	Offset int64  // of Read and Write
	Length int64  // of Read and Write; the size asked for of Allocate and Truncate
	Err    error  // how it ended
}

func (o Op) String() string {
	s := fmt.Sprintf("%d %s %v %s", o.Number, o.Drive, o.Kind, o.Name)
	switch o.Kind {
	case Read, Write:
		s += fmt.Sprintf(" %d+%d", o.Offset, o.Length)
	case Allocate, Truncate:
		s += fmt.Sprintf(" %d", o.Length)
	case Rename:
		s += " " + o.To
	}
	if o.Err != nil {
		s += ": " + o.Err.Error()
	}
	return s
}
