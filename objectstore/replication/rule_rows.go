package replication

import (
	"cmp"
	"encoding/json"
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
	TargetID        string
	Name            string
	Priority        int
	Prefix          string
	Tags            string
	Deletes         bool
	Existing        bool
	Paused          bool
	Role            string
	Destination     string
	Legacy          bool
	CreatedAt       int64 `gorm:"autoCreateTime:false"`
}

// TableName implements gorm's schema.Tabler.
func (ruleRow) TableName() string { return "replication_rules" }

func (r ruleRow) toApp(t targetRow) (Rule, error) {
	rule := Rule{
		ID: r.ID, Name: cmp.Or(r.Name, r.ID), Bucket: r.Bucket, Priority: r.Priority, Prefix: r.Prefix, TargetID: r.TargetID, Endpoint: t.Endpoint, Region: t.Region,
		Style: remote.Style(t.Style), Authorities: t.Authorities, TargetBucket: t.TargetBucket, AccessKey: t.AccessKey, Deletes: r.Deletes,
		Existing: r.Existing, Paused: r.Paused, Role: r.Role, Destination: r.Destination, Legacy: r.Legacy,
		CreatedAt: fromMillis(r.CreatedAt), bucketCreatedAt: fromMillis(r.BucketCreatedAt),
	}
	if r.Tags != "" {
		if err := json.Unmarshal([]byte(r.Tags), &rule.Tags); err != nil {
			return rule, fmt.Errorf("read the tags of a replication rule: %w", err)
		}
	}
	return rule, nil
}

func fromApp(r Rule) ruleRow {
	tags := ""
	if len(r.Tags) > 0 {
		text, _ := json.Marshal(r.Tags) // a map of strings
		tags = string(text)
	}
	return ruleRow{
		ID: r.ID, Bucket: r.Bucket, BucketCreatedAt: r.bucketCreatedAt.UnixMilli(), TargetID: r.TargetID, Name: r.Name, Priority: r.Priority,
		Prefix: r.Prefix, Tags: tags, Deletes: r.Deletes, Existing: r.Existing, Paused: r.Paused,
		Role: r.Role, Destination: r.Destination, Legacy: r.Legacy, CreatedAt: r.CreatedAt.UnixMilli(),
	}
}

type targetRow struct {
	ID              string `gorm:"primaryKey"`
	Bucket          string
	BucketCreatedAt int64
	Endpoint        string
	Region          string
	Style           string
	Authorities     string
	TargetBucket    string
	AccessKey       string
	SecretKey       []byte
	CreatedAt       int64 `gorm:"autoCreateTime:false"`
}

// TableName implements gorm's schema.Tabler.
func (targetRow) TableName() string { return "replication_targets" }

func (r targetRow) toApp() Target {
	return Target{
		ID: r.ID, Bucket: r.Bucket, Endpoint: r.Endpoint, Region: r.Region, TargetBucket: r.TargetBucket, AccessKey: r.AccessKey,
		CreatedAt: fromMillis(r.CreatedAt),
	}
}

// kept is a rule as it is kept, with its target's sealed key.
type kept struct {
	Rule
	sealed []byte
}

// readRules reads the rules that a query finds, the oldest first.
func readRules(tx *gorm.DB, where ...any) ([]kept, error) {
	var rows []ruleRow
	if err := tx.Order("created_at, id").Find(&rows, where...).Error; err != nil {
		return nil, fmt.Errorf("read replication rules: %w", err)
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.TargetID
	}
	var targets []targetRow
	if err := tx.Find(&targets, "id IN ?", ids).Error; err != nil {
		return nil, fmt.Errorf("read replication targets: %w", err)
	}
	byID := map[string]targetRow{}
	for _, t := range targets {
		byID[t.ID] = t
	}
	all := make([]kept, len(rows))
	for i, row := range rows {
		t := byID[row.TargetID]
		rule, err := row.toApp(t)
		if err != nil {
			return nil, err
		}
		all[i] = kept{rule, t.SecretKey}
	}
	return all, nil
}

// readTargets reads a bucket's targets, the oldest first.
func readTargets(tx *gorm.DB, bucket string) (rows []targetRow, err error) {
	if err := tx.Order("created_at, id").Find(&rows, "bucket = ?", bucket).Error; err != nil {
		return nil, fmt.Errorf("read replication targets: %w", err)
	}
	return rows, nil
}

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// secretPurpose names what a target's secret key is sealed for.
func secretPurpose(targetID string) string { return "replication/" + targetID + "/secret" }

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
