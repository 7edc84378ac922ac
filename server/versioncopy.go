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
