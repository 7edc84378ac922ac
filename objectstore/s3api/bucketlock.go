package s3api

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"

	"croft/objectstore"
)

const bucketLockHeader = "X-Amz-Bucket-Object-Lock-Enabled"

// The longest retention that a bucket may give by default.
const (
	maxLockDays  = 36500
	maxLockYears = 100
)

// locksBucket reports whether a bucket is to be made with object lock.
func (h *Handler) locksBucket(q *request) (bool, error) {
	switch strings.ToLower(first(q.r.Header, bucketLockHeader)) {
	case "", "false":
		return false, nil
	case "true":
		_, err := h.keepsVersions()
		return true, err
	}
	return false, fail("InvalidArgument", "x-amz-bucket-object-lock-enabled must be true or false.")
}

type bucketLockXML struct {
	XMLName xml.Name     `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ObjectLockConfiguration"`
	Enabled string       `xml:"ObjectLockEnabled"`
	Rule    *lockRuleXML `xml:"Rule"`
}

type lockRuleXML struct {
	Mode  string `xml:"DefaultRetention>Mode"`
	Days  int    `xml:"DefaultRetention>Days,omitempty"`
	Years int    `xml:"DefaultRetention>Years,omitempty"`
}

func (h *Handler) getBucketLock(q *request) error {
	bucket, err := h.store.Bucket(q.r.Context(), q.bucket)
	if err != nil {
		return err
	}
	if !bucket.ObjectLock {
		return fail("ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket")
	}
	out := bucketLockXML{Enabled: "Enabled"}
	if d := bucket.DefaultLock; d.Mode != objectstore.LockNone {
		out.Rule = &lockRuleXML{Mode: lockModes[d.Mode], Days: d.Days, Years: d.Years}
	}
	writeXML(q.w, http.StatusOK, out)
	return nil
}

func (h *Handler) putBucketLock(q *request) error {
	document, err := q.readSetting("ObjectLockConfiguration")
	if err != nil {
		return err
	}
	want, err := readBucketLock(document)
	if err != nil {
		return err
	}
	return h.updateBucket(q, http.StatusOK, func(b *objectstore.Bucket) error {
		if !b.ObjectLock && b.Versioning != objectstore.VersioningEnabled {
			return fail("InvalidBucketState", "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
		}
		b.ObjectLock, b.DefaultLock = true, want
		return nil
	})
}

// readBucketLock returns what versions are to be locked with by default, nothing when
// there is no rule.
func readBucketLock(document *element) (lock objectstore.DefaultLock, err error) {
	var enabled, mode, days, years string
	rules, retentions := 0, 0
	err = document.fields(map[string]func(*element) error{
		"ObjectLockEnabled": once(&enabled),
		"Rule": func(rule *element) error {
			rules++
			return rule.fields(map[string]func(*element) error{"DefaultRetention": func(e *element) error {
				retentions++
				return e.fields(map[string]func(*element) error{"Mode": once(&mode), "Days": once(&days), "Years": once(&years)})
			}})
		},
	})
	switch {
	case err != nil:
		return lock, err
	case enabled != "Enabled", rules > 1, retentions != rules:
		return lock, errMalformedXML()
	case rules == 0:
		return lock, nil
	}
	if lock.Mode = lockMode(mode); lock.Mode == objectstore.LockNone || (days == "") == (years == "") {
		return lock, errMalformedXML()
	}
	if days != "" {
		lock.Days, err = lockPeriod(days, maxLockDays)
	} else {
		lock.Years, err = lockPeriod(years, maxLockYears)
	}
	return lock, err
}

func lockPeriod(text string, most int) (int, error) {
	n, err := strconv.Atoi(text)
	switch {
	case err != nil:
		return 0, errMalformedXML()
	case n < 1:
		return 0, fail("InvalidRetentionPeriod", "Default retention period must be a positive integer value.")
	case n > most:
		return 0, failf("InvalidRetentionPeriod", "Default retention period is too long: at most %d days or %d years.", maxLockDays, maxLockYears)
	}
	return n, nil
}
