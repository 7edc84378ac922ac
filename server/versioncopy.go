package server

import (
	"context"
	"fmt"
	"time"

	"croft/objectstore"
)

// VersionCopy is the copy on the drives of what a tier keeps of a version.
type VersionCopy struct {
	Ongoing bool       `json:"ongoing" doc:"It is being made"`
	Until   *time.Time `json:"until,omitempty" doc:"When it goes; missing while it is being made"`
	// Failure without Ongoing is of a copy that was given up.
	Failure *RestoreFailure `json:"failure,omitempty" doc:"Why it is not there yet or, where it is not being made, why it was given up"`
}

// RestoreFailure is what was the matter with what a tier gave back.
type RestoreFailure struct {
	At     time.Time `json:"at" doc:"When it was tried last"`
	Tries  int       `json:"tries" doc:"How often in a row"`
	Code   string    `json:"code" enum:"tier_body_missing,body_altered,copy_differs"`
	Reason string    `json:"reason"`
}

// wireCopy is nothing where there is neither a copy nor anything to say of one.
func wireCopy(s objectstore.RestoreState) *VersionCopy {
	if s == (objectstore.RestoreState{}) {
		return nil
	}
	c := &VersionCopy{Ongoing: s.Ongoing, Until: known(s.Until)}
	if f := s.Failure; f.Tries > 0 {
		c.Failure = &RestoreFailure{At: f.At, Tries: f.Tries, Code: f.Code, Reason: f.Reason()}
	}
	return c
}

// BringBackRequest says for how long a copy is to be kept.
type BringBackRequest struct {
	Days int `json:"days" minimum:"1" maximum:"36500" doc:"From when the copy is there, to the midnight (UTC) that follows"`
}

type bringBackInput struct {
	InBucket
	Key     string `query:"key" required:"true"`
	Version string `query:"version" doc:"Empty for the latest"`
	Body    BringBackRequest
}

type cancelCopyInput struct {
	InBucket
	Key     string `query:"key" required:"true"`
	Version string `query:"version" doc:"Empty for the latest"`
}

// bringBack has a copy made, or the one that is there kept for another time.
func (s *Server) bringBack(ctx context.Context, in *bringBackInput) (*body[Version], error) {
	note := auditing(ctx)
	note.Target, note.Detail = in.Bucket+"/"+in.Key, fmt.Sprintf("for %d days", in.Body.Days)
	if in.Version != "" {
		note.Detail += ", version " + in.Version
	}
	store, ok := s.deps.Store.(objectstore.Restorer)
	if !ok {
		return nil, objectstore.ErrNotInTier
	}
	made, err := store.Restore(ctx, objectstore.RestoreRequest{
		VersionRef: objectstore.VersionRef{Bucket: in.Bucket, Key: in.Key, ID: in.Version}, Days: in.Body.Days,
	})
	if err != nil {
		return nil, err
	}
	return &body[Version]{wireVersion(made)}, nil
}

// cancelCopy takes back that a copy is wanted, removes the one that is there, and forgets
// why one could not be made.
func (s *Server) cancelCopy(ctx context.Context, in *cancelCopyInput) (*body[Version], error) {
	note := auditing(ctx)
	note.Target = in.Bucket + "/" + in.Key
	if in.Version != "" {
		note.Detail = "version " + in.Version
	}
	store, ok := s.deps.Store.(objectstore.Restorer)
	if !ok {
		return nil, objectstore.ErrNoRestore
	}
	o, err := store.CancelRestore(ctx, objectstore.VersionRef{Bucket: in.Bucket, Key: in.Key, ID: in.Version})
	if err != nil {
		return nil, err
	}
	return &body[Version]{wireVersion(o)}, nil
}
