package lifecycle

import (
	"context"
	"errors"

	"croft/objectstore"
)

// act does what is to become of a version, if it is still as it was judged.
func (r *round) act(ctx context.Context, v Version, is Verdict, versioning objectstore.Versioning) {
	if is.Kind == Move && r.resting(is.Tier) { // since it was judged
		if is = r.unmoved(&v, is.Tier, versioning); is.Kind == Keep {
			return
		}
	}
	var err error
	if is.Kind == Move {
		if err = r.move(ctx, &v, is.Tier, versioning); err != nil && ctx.Err() == nil && !changed(err) {
			r.failed(v.Key, err)
			// What cannot be moved is deleted all the same when that is due.
			if is = r.unmoved(&v, is.Tier, versioning); is.Kind == Keep {
				return
			}
			err = r.delete(ctx, &v, is.Kind, versioning)
		}
	} else {
		err = r.delete(ctx, &v, is.Kind, versioning)
	}
	switch {
	case err == nil, ctx.Err() != nil, changed(err):
	case errors.Is(err, objectstore.ErrVersionLocked):
		r.tally.change(func(st *Status) { st.Locked++ })
	default:
		r.failed(v.Key, err)
	}
}

// changed reports whether an error says that a version is not as it was judged.
func changed(err error) bool {
	for _, one := range []error{
		errChanged, objectstore.ErrPreconditionFailed, objectstore.ErrObjectNotFound, objectstore.ErrVersionNotFound,
		objectstore.ErrVersionIsMarker, objectstore.ErrBucketNotFound, objectstore.ErrMoveOvertaken,
	} {
		if errors.Is(err, one) {
			return true
		}
	}
	return false
}

// unmoved is what is to become of a version that ought to be in a tier and cannot be
// moved there now: v is taken to be there.
func (r *round) unmoved(v *Version, tier string, versioning objectstore.Versioning) Verdict {
	v.Tier = tier
	return r.rules.Judge(v, versioning, r.s.config.Now())
}

func (r *round) delete(ctx context.Context, v *Version, kind Kind, versioning objectstore.Versioning) error {
	request := objectstore.DeleteRequest{
		VersionRef: objectstore.VersionRef{Bucket: r.plan.bucket, Key: v.Key, ID: v.VersionID},
		Check:      func(is objectstore.Object) error { return r.check(v, &is, kind, versioning) },
	}
	if kind == Expire {
		// The condition refuses where there is nothing: a marker must not be put there.
		request.ID, request.Condition.ETag = "", v.ETag
	}
	done, err := r.s.source.DeleteVersion(ctx, request)
	if err != nil || !done.Existed {
		return err
	}
	r.tally.change(func(st *Status) {
		switch {
		case v.Marker:
			st.Markers++
		case kind == Expire:
			st.Expired++
			st.ExpiredBytes += v.Size
		default:
			st.Removed++
			st.RemovedBytes += v.Size
		}
	})
	return nil
}

// check refuses to delete what is not the version that was judged, or is not judged
// the same any more: by its tags, and by whether it is current. The store asks in the
// step that deletes.
func (r *round) check(v *Version, is *objectstore.Object, kind Kind, versioning objectstore.Versioning) error {
	if !same(&v.Object, is) {
		return errChanged
	}
	now := *v
	now.Object = *is
	now.Tier = v.Tier // which may be where it could not be moved
	if r.rules.Judge(&now, versioning, r.s.config.Now()).Kind != kind {
		return errChanged
	}
	return nil
}

// same reports whether two are one version. Where none are kept, an object that
// replaced another is known by its time, even if its bytes are the same.
func same(a, b *objectstore.Object) bool {
	return versionOf(a) == versionOf(b) && a.Marker == b.Marker && a.ETag == b.ETag && a.ModifiedAt.Equal(b.ModifiedAt)
}

func versionOf(o *objectstore.Object) string {
	if o.VersionID == "" {
		return objectstore.NullVersion
	}
	return o.VersionID
}

// move moves a version to a tier. The store asks again in the step that does.
func (r *round) move(ctx context.Context, v *Version, tier string, versioning objectstore.Versioning) error {
	if r.s.tierer == nil {
		return objectstore.ErrTierNotFound
	}
	moved, err := r.s.tierer.Transition(ctx, objectstore.TransitionRequest{
		VersionRef: objectstore.VersionRef{Bucket: r.plan.bucket, Key: v.Key, ID: v.VersionID}, Tier: tier,
		Check: func(is objectstore.Object) error { return r.check(v, &is, Move, versioning) },
	})
	if changed(err) {
		return err
	}
	r.answered(tier, err)
	if err != nil || moved.Tier != tier {
		return err
	}
	r.tally.change(func(st *Status) {
		st.Moved++
		st.MovedBytes += v.Size
	})
	return nil
}

// abort ends an upload, unless it was completed meanwhile.
func (r *round) abort(ctx context.Context, u objectstore.Upload) {
	err := r.s.source.AbortUpload(ctx, u.UploadRef)
	switch {
	case err == nil:
		r.tally.change(func(st *Status) { st.Aborted++ })
	case ctx.Err() != nil, errors.Is(err, objectstore.ErrUploadNotFound), errors.Is(err, objectstore.ErrBucketNotFound):
	default:
		r.failed(u.Key, err)
	}
}
