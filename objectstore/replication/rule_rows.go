package replication

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"croft/internal/store"
	"croft/objectstore/remote"
)

type ruleRow struct {
	ID              string `gorm:"primaryKey"`
	Bucket          string
	BucketCreatedAt int64
	Prefix          string
	Endpoint        string
	Region          string
	Style           string
	Authorities     string
	TargetBucket    string
	AccessKey       string
	SecretKey       []byte
	Deletes         bool
	Existing        bool
	Paused          bool
	CreatedAt       int64 `gorm:"autoCreateTime:false"`
}

// TableName implements gorm's schema.Tabler.
func (ruleRow) TableName() string { return "replication_rules" }

func (r ruleRow) toApp() Rule {
	return Rule{
		ID: r.ID, Bucket: r.Bucket, Prefix: r.Prefix, Endpoint: r.Endpoint, Region: r.Region, Style: remote.Style(r.Style),
		Authorities: r.Authorities, TargetBucket: r.TargetBucket, AccessKey: r.AccessKey, Deletes: r.Deletes, Existing: r.Existing,
		Paused: r.Paused, CreatedAt: fromMillis(r.CreatedAt), bucketCreatedAt: fromMillis(r.BucketCreatedAt),
	}
}

func fromApp(r Rule, sealed []byte) ruleRow {
	return ruleRow{
		ID: r.ID, Bucket: r.Bucket, BucketCreatedAt: r.bucketCreatedAt.UnixMilli(), Prefix: r.Prefix, Endpoint: r.Endpoint,
		Region: r.Region, Style: string(r.Style), Authorities: r.Authorities, TargetBucket: r.TargetBucket, AccessKey: r.AccessKey,
		SecretKey: sealed, Deletes: r.Deletes, Existing: r.Existing, Paused: r.Paused, CreatedAt: r.CreatedAt.UnixMilli(),
	}
}

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// secretPurpose names what a rule's secret key is sealed for.
func secretPurpose(ruleID string) string { return "replication/" + ruleID + "/secret" }

// findRule reads a rule of a bucket.
func findRule(tx *gorm.DB, bucket, id string) (row ruleRow, err error) {
	err = tx.Where("id = ? AND bucket = ?", id, bucket).Take(&row).Error
	if store.NotFound(err) {
		return row, ErrRuleNotFound
	}
	if err != nil {
		return row, fmt.Errorf("read replication rule: %w", err)
	}
	return row, nil
}

type uploadRow struct {
	RuleID   string `gorm:"primaryKey"`
	Key      string `gorm:"primaryKey"`
	Source   string
	UploadID string
}

// TableName implements gorm's schema.Tabler.
func (uploadRow) TableName() string { return "replication_uploads" }
