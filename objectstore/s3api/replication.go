package s3api

import (
	"context"
	"encoding/xml"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"unicode/utf8"

	"croft/objectstore"
)

// ReplicationRule says what of a bucket is copied where, in S3's words.
type ReplicationRule struct {
	ID          string
	Priority    int // of rules with one destination that are for an object, the highest counts
	Enabled     bool
	Prefix      string
	Tags        map[string]string // only objects that have all of them
	Destination string            // an ARN
	Deletes     bool              // delete markers are passed on
	Existing    bool              // what was there before the rule is copied, too
	Legacy      bool              // said without a filter, as of old
}

// Replication keeps where buckets are copied to. Its errors are *errs.Error.
type Replication interface {
	// Rules returns a bucket's rules and the role that came with them; none is no error.
	Rules(ctx context.Context, bucket string) (role string, rules []ReplicationRule, err error)
	// SetRules makes these a bucket's rules, all or none; no rules end all. A destination
	// that is none is refused with an invalid error.
	SetRules(ctx context.Context, bucket, role string, rules []ReplicationRule) error
	// Standing is S3's word for how far an object is on its way: PENDING, COMPLETED,
	// FAILED, REPLICA, or empty. It is asked with every object that is read.
	Standing(ctx context.Context, o *objectstore.Object) (string, error)
}

// replicationOperations are the calls about replication.
var replicationOperations = []operation{
	{"GetBucketReplication", http.MethodGet, onBucket, "replication", "", ReadBucket, (*Handler).getReplication},
	{"PutBucketReplication", http.MethodPut, onBucket, "replication", "", WriteBucket, (*Handler).putReplication},
	{"DeleteBucketReplication", http.MethodDelete, onBucket, "replication", "", WriteBucket, (*Handler).deleteReplication},
}

const (
	enabled  = "Enabled"
	disabled = "Disabled"

	// maxReplicationRules is S3's; how many can be kept is said by who keeps them.
	maxReplicationRules = 1000
)

var errNoReplication = fail("NotImplemented", "This store does not remember what changes in its buckets, so they cannot be replicated.")

func (h *Handler) getReplication(q *request) error {
	if _, err := h.store.Bucket(q.r.Context(), q.bucket); err != nil {
		return err
	}
	var role string
	var rules []ReplicationRule
	if h.replication != nil {
		var err error
		if role, rules, err = h.replication.Rules(q.r.Context(), q.bucket); err != nil {
			return err
		}
	}
	if len(rules) == 0 {
		return fail("ReplicationConfigurationNotFoundError", "The replication configuration was not found")
	}
	writeXML(q.w, http.StatusOK, newReplicationXML(role, rules))
	return nil
}

func (h *Handler) putReplication(q *request) error {
	data, err := q.body.readAll(maxSetting)
	if err != nil {
		return err
	}
	role, rules, err := readReplication(data)
	if err != nil {
		return err
	}
	if err := h.setReplication(q, role, rules); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusOK)
	return nil
}

func (h *Handler) deleteReplication(q *request) error {
	if _, err := q.body.readAll(maxSetting); err != nil {
		return err
	}
	if err := h.setReplication(q, "", nil); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (h *Handler) setReplication(q *request, role string, rules []ReplicationRule) error {
	if _, err := h.store.Bucket(q.r.Context(), q.bucket); err != nil {
		return err
	}
	if h.replication == nil {
		return errNoReplication
	}
	return h.replication.SetRules(q.r.Context(), q.bucket, role, rules)
}

// setReplicationStatus says in the answer how far an object is on its way. What cannot
// be said now is left out: the object can be read all the same.
func (h *Handler) setReplicationStatus(q *request, o *objectstore.Object) {
	if h.replication == nil {
		return
	}
	is, err := h.replication.Standing(q.r.Context(), o)
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			h.log.Warn("the replication status of an object is not known", "bucket", o.Bucket, "error", err)
		}
		return
	}
	if is != "" {
		q.setHeader(q.w.Header(), "X-Amz-Replication-Status", is)
	}
}

// readReplication reads a configuration and holds it to S3's rules.
func readReplication(data []byte) (role string, rules []ReplicationRule, err error) {
	root, err := readElement(data, "ReplicationConfiguration")
	if err != nil {
		return "", nil, err
	}
	err = root.fields(map[string]func(*element) error{
		"Role": once(&role),
		"Rule": func(e *element) error {
			r, err := readReplicationRule(e)
			rules = append(rules, r)
			return err
		},
	})
	if err != nil {
		return "", nil, err
	}
	if len(rules) == 0 || len(rules) > maxReplicationRules {
		return "", nil, errMalformedXML()
	}
	return role, rules, nameReplicationRules(rules)
}

// nameReplicationRules gives rules without an ID one, and refuses what is said twice.
func nameReplicationRules(rules []ReplicationRule) error {
	ids, priorities := map[string]bool{}, map[int]bool{}
	for _, r := range rules {
		if r.ID != "" && ids[r.ID] {
			return fail("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule")
		}
		ids[r.ID] = true
	}
	for i := range rules {
		r := &rules[i]
		for n := i + 1; r.ID == ""; n++ {
			if id := "rule-" + strconv.Itoa(n); !ids[id] {
				r.ID, ids[id] = id, true
			}
		}
		if !r.Legacy && priorities[r.Priority] {
			return failf("InvalidRequest", "Found duplicate priority %d. Priority must be unique.", r.Priority)
		}
		priorities[r.Priority] = true
	}
	return nil
}

func readReplicationRule(e *element) (r ReplicationRule, err error) {
	var id, priority, status, existing *string
	var prefix, markers, deletes *string
	var filter *replicationFilter
	var to *replicationTo
	on := func(into **string) func(*element) error {
		return func(e *element) error {
			return e.fields(map[string]func(*element) error{"Status": perhaps(into)})
		}
	}
	err = e.fields(map[string]func(*element) error{
		"ID": perhaps(&id), "Priority": perhaps(&priority), "Status": perhaps(&status), "Prefix": perhaps(&prefix),
		"Filter":                    alone(&filter, (*replicationFilter).fields),
		"DeleteMarkerReplication":   on(&markers),
		"DeleteReplication":         on(&deletes),
		"ExistingObjectReplication": on(&existing),
		"Destination":               alone(&to, (*replicationTo).fields),
		"SourceSelectionCriteria":   readSourceSelection,
	})
	if err != nil {
		return r, err
	}
	if status == nil || to == nil || to.bucket == "" || filter != nil && prefix != nil {
		return r, errMalformedXML()
	}
	if r.Enabled, err = isEnabled(status); err != nil {
		return r, err
	}
	if r.Existing, err = isEnabled(existing); err != nil {
		return r, err
	}
	if r.Deletes, err = isEnabled(markers); err != nil {
		return r, err
	}
	if gone, err := isEnabled(deletes); err != nil || gone {
		return r, fail("NotImplemented", "That a version is deleted for ever is not replicated. Leave DeleteReplication out.")
	}
	if id != nil {
		r.ID = *id
	}
	if utf8.RuneCountInString(r.ID) > maxRuleID {
		return r, fail("InvalidArgument", "The rule ID is longer than 255 characters.")
	}
	if priority != nil {
		if r.Priority, err = strconv.Atoi(*priority); err != nil || r.Priority < 0 {
			return r, errMalformedXML()
		}
	}
	r.Destination = to.bucket
	switch {
	case filter != nil:
		r.Prefix = filter.prefix
		r.Tags, err = filter.tagSet()
	case prefix != nil:
		r.Prefix, r.Legacy = *prefix, true
		if markers == nil {
			r.Deletes = true // as S3 does for rules without a filter
		}
	}
	if err != nil {
		return r, err
	}
	if len(r.Tags) > 0 && r.Deletes {
		return r, fail("InvalidRequest", "Delete marker replication is not supported if any Tag filter is specified. Please refer to S3 Developer Guide for more information.")
	}
	if r.Prefix != "" && objectstore.ValidateKey(r.Prefix) != nil {
		return r, fail("InvalidArgument", "The prefix is longer than 1,024 bytes, or has characters that a key cannot have.")
	}
	return r, nil
}

// isEnabled reads a status; one that is missing is disabled.
func isEnabled(status *string) (bool, error) {
	switch {
	case status == nil || *status == disabled:
		return false, nil
	case *status == enabled:
		return true, nil
	}
	return false, errMalformedXML()
}

// replicationFilter is what a rule's filter says.
type replicationFilter struct {
	prefix   string
	tags     []tagXML
	children int
}

func (f *replicationFilter) fields() map[string]func(*element) error {
	single := func(read func(*element) error) func(*element) error {
		return func(e *element) error {
			if f.children++; f.children > 1 {
				return errMalformedXML()
			}
			return read(e)
		}
	}
	prefix := once(&f.prefix)
	return map[string]func(*element) error{
		"Prefix": single(prefix),
		"Tag":    single(f.readTag),
		"And": single(func(e *element) error {
			return e.fields(map[string]func(*element) error{"Prefix": prefix, "Tag": f.readTag})
		}),
	}
}

func (f *replicationFilter) readTag(e *element) error {
	var t tagXML
	f.children++
	err := e.fields(map[string]func(*element) error{"Key": once(&t.Key), "Value": onceAsIs(&t.Value)})
	f.tags = append(f.tags, t)
	return err
}

func (f *replicationFilter) tagSet() (map[string]string, error) {
	if len(f.tags) == 0 {
		return nil, nil
	}
	return objectTags(f.tags)
}

// replicationTo is a rule's destination.
type replicationTo struct{ bucket string }

func (to *replicationTo) fields() map[string]func(*element) error {
	return map[string]func(*element) error{
		"Bucket": once(&to.bucket),
		"StorageClass": func(e *element) error {
			if e.text != string(objectstore.ClassStandard) {
				return fail("NotImplemented", "Copies are stored in the target's standard class. Let a lifecycle rule there move them.")
			}
			return nil
		},
		"Account":                  notImplemented("The destination's account is that of the target's access key. Leave Account out."),
		"AccessControlTranslation": notImplemented("Copies belong to the target's access key. Leave AccessControlTranslation out."),
		"EncryptionConfiguration":  notImplemented("Copies are encrypted as the target's bucket says. Leave EncryptionConfiguration out."),
		"ReplicationTime":          unlessEnabled("How soon objects are replicated is not promised. Leave ReplicationTime out."),
		"Metrics":                  unlessEnabled("There are no metrics of single rules over S3; the console shows them. Leave Metrics out."),
	}
}

func readSourceSelection(e *element) error {
	return e.fields(map[string]func(*element) error{
		"SseKmsEncryptedObjects": notImplemented("Objects under named keys (aws:kms) are copied as all others are, and encrypted as the target's bucket says. Leave SseKmsEncryptedObjects out."),
		"ReplicaModifications":   unlessEnabled("What happens to copies is not replicated back. Leave ReplicaModifications out."),
	})
}

// unlessEnabled takes an element that asks for something that Croft does not do, when it
// says that it is not wanted.
func unlessEnabled(message string) func(*element) error {
	return func(e *element) error {
		for _, child := range e.children {
			if child.name == "Status" && child.text == disabled {
				return nil
			}
		}
		return fail("NotImplemented", message)
	}
}

type replicationXML struct {
	XMLName xml.Name             `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ReplicationConfiguration"`
	Role    string               `xml:"Role"`
	Rules   []replicationRuleXML `xml:"Rule"`
}

type replicationRuleXML struct {
	ID       string                `xml:"ID"`
	Priority *int                  `xml:"Priority"`
	Prefix   *string               `xml:"Prefix"`
	Filter   *replicationFilterXML `xml:"Filter"`
	Status   string                `xml:"Status"`
	Existing *statusXML            `xml:"ExistingObjectReplication"`
	To       string                `xml:"Destination>Bucket"`
	Markers  *statusXML            `xml:"DeleteMarkerReplication"`
}

type statusXML struct {
	Status string `xml:"Status"`
}

type replicationFilterXML struct {
	Prefix *string            `xml:"Prefix"`
	Tag    *tagXML            `xml:"Tag"`
	And    *replicationAndXML `xml:"And"`
}

type replicationAndXML struct {
	Prefix string   `xml:"Prefix,omitempty"`
	Tags   []tagXML `xml:"Tag"`
}

func statusOf(on bool) string { return map[bool]string{true: enabled, false: disabled}[on] }

func newReplicationXML(role string, rules []ReplicationRule) replicationXML {
	document := replicationXML{Role: role}
	for _, r := range rules {
		x := replicationRuleXML{ID: r.ID, Status: statusOf(r.Enabled), To: r.Destination}
		if r.Existing {
			x.Existing = &statusXML{enabled}
		}
		if r.Legacy {
			x.Prefix = &r.Prefix
			if !r.Deletes {
				x.Markers = &statusXML{disabled}
			}
		} else {
			x.Priority, x.Filter, x.Markers = &r.Priority, newReplicationFilter(&r), &statusXML{statusOf(r.Deletes)}
		}
		document.Rules = append(document.Rules, x)
	}
	return document
}

func newReplicationFilter(r *ReplicationRule) *replicationFilterXML {
	var tags []tagXML
	for _, key := range slices.Sorted(maps.Keys(r.Tags)) {
		tags = append(tags, tagXML{Key: key, Value: r.Tags[key]})
	}
	switch {
	case len(tags) == 0:
		return &replicationFilterXML{Prefix: &r.Prefix}
	case len(tags) == 1 && r.Prefix == "":
		return &replicationFilterXML{Tag: &tags[0]}
	}
	return &replicationFilterXML{And: &replicationAndXML{Prefix: r.Prefix, Tags: tags}}
}
