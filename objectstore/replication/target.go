package replication

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/objectstore"
)

// Target is where a bucket may be copied to: a bucket at an endpoint, and the key to it.
// Rules that are set over S3 name targets, because they can say neither. It stays when
// the last of those rules goes.
type Target struct {
	ID           string
	Bucket       string // that may be copied there
	Endpoint     string
	Region       string
	TargetBucket string
	AccessKey    string
	CreatedAt    time.Time
	Used         bool // a rule has it
}

const (
	targetARN = "arn:croft:replication::"
	bucketARN = "arn:aws:s3:::"
)

// ARN is what rules that are set over S3 call the target.
func (t Target) ARN() string { return targetARN + t.ID + ":" + t.TargetBucket }

// What is refused about targets.
var (
	ErrTargetNotFound = errs.New(errs.NotFound, "replication_target_not_found", "There is no such replication target.")
	errTargetUsed     = errs.New(errs.Conflict, "replication_target_used", "A replication rule has this target. Remove the rule first.")
)

func newTargetRow(r Rule, sealed []byte) targetRow {
	return targetRow{
		ID: r.TargetID, Bucket: r.Bucket, BucketCreatedAt: r.bucketCreatedAt.UnixMilli(), Endpoint: r.Endpoint, Region: r.Region,
		Style: string(r.Style), Authorities: r.Authorities, TargetBucket: r.TargetBucket, AccessKey: r.AccessKey, SecretKey: sealed,
		CreatedAt: r.CreatedAt.UnixMilli(),
	}
}

// Targets returns where a bucket may be copied to, the oldest first.
func (s *Service) Targets(ctx context.Context, bucket string) ([]Target, error) {
	rows, err := readTargets(s.db.Read(ctx), bucket)
	if err != nil {
		return nil, err
	}
	rules, err := readRules(s.db.Read(ctx), "bucket = ?", bucket)
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for _, r := range rules {
		used[r.TargetID] = true
	}
	all := make([]Target, len(rows))
	for i, row := range rows {
		all[i] = row.toApp()
		all[i].Used = used[row.ID]
	}
	return all, nil
}

// RemoveTarget forgets a target that no rule has, and its key.
func (s *Service) RemoveTarget(ctx context.Context, bucket, id string) error {
	s.change.Lock()
	defer s.change.Unlock()
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		var rules int64
		if err := tx.Model(&ruleRow{}).Where("bucket = ? AND target_id = ?", bucket, id).Count(&rules).Error; err != nil {
			return err
		}
		if rules > 0 {
			return errTargetUsed
		}
		gone := tx.Where("id = ? AND bucket = ?", id, bucket).Delete(&targetRow{})
		if gone.Error == nil && gone.RowsAffected == 0 {
			return ErrTargetNotFound
		}
		return gone.Error
	})
}

// forgetTargets forgets the targets of buckets that are no more.
func (s *Service) forgetTargets(ctx context.Context) error {
	var rows []targetRow
	if err := s.db.Read(ctx).Find(&rows).Error; err != nil {
		return fmt.Errorf("read replication targets: %w", err)
	}
	for _, row := range rows {
		is, err := s.source.Bucket(ctx, row.Bucket)
		if err == nil && is.CreatedAt.Equal(fromMillis(row.BucketCreatedAt)) {
			continue
		}
		if err != nil && !errors.Is(err, objectstore.ErrBucketNotFound) {
			return err
		}
		err = s.db.Write(ctx, func(tx *gorm.DB) error { return tx.Where("id = ?", row.ID).Delete(&targetRow{}).Error })
		if err != nil {
			return err
		}
	}
	return nil
}

// targetOf finds the target that a destination means: by its ARN, or by the ARN of a
// bucket of AWS where one target alone is of that name.
func targetOf(targets []targetRow, bucket objectstore.Bucket, destination string) (targetRow, error) {
	var fit []targetRow
	var names []string
	for _, t := range targets {
		if !bucket.CreatedAt.Equal(fromMillis(t.BucketCreatedAt)) {
			continue
		}
		arn := t.toApp().ARN()
		names = append(names, arn)
		if destination == arn {
			return t, nil
		}
		if destination == bucketARN+t.TargetBucket {
			fit = append(fit, t)
		}
	}
	switch {
	case len(fit) == 1:
		return fit[0], nil
	case len(names) == 0:
		return targetRow{}, errs.New(errs.Invalid, "replication_target_unknown",
			"The bucket has no replication target. Add one in the console, in the bucket's settings under Replication; then name it here.")
	}
	return targetRow{}, errs.Newf(errs.Invalid, "replication_target_unknown",
		"The destination names no replication target of the bucket, or several. Those that it has: %s.", strings.Join(names, ", "))
}
