package s3api

import (
	"cmp"
	"time"
)

// Recorder is told of every request that was to change something, once it is
// answered: refused ones too where the credential is known. It must not block: it is
// called for every object that is written. Methods are called concurrently.
type Recorder interface {
	Record(c Credential, r Record)
}

// Record is one answered request. A DeleteObjects whose keys ended differently is
// one record for each outcome.
type Record struct {
	Began     time.Time
	Took      time.Duration
	RequestID string
	Operation string // S3's name: "PutObject", "DeleteBucket" …
	Bucket    string
	Key       string   // empty for bucket operations and DeleteObjects
	Keys      []string // of a DeleteObjects: those that ended with Outcome
	Version   string   // that the request names
	Source    string   // of a copy or a rename, as the client wrote it
	Status    int
	Outcome   string // "ok" or the S3 error code
	BytesIn   int64  // of the decoded body
	BytesOut  int64  // of the answer's body
	Address   string // the client's, host:port
	UserAgent string
}

// record tells the recorder about a request that would change something.
func (h *Handler) record(q *request) {
	if h.recorder == nil || q.op == nil || !q.op.changes() || (q.denied && q.anonymous()) {
		return
	}
	r := Record{
		Began: q.began, Took: time.Since(q.began), RequestID: q.id, Operation: q.op.name, Bucket: q.bucket, Key: q.key,
		Version: q.query.Get("versionId"), Source: cmp.Or(q.r.Header.Get(copySource), q.r.Header.Get(renameSource)), Status: q.answer.status, Outcome: q.outcome,
		BytesOut: q.answer.sent, Address: q.r.RemoteAddr, UserAgent: q.r.UserAgent(),
	}
	if q.body != nil {
		r.BytesIn = q.body.read
	}
	if len(q.deleted) == 0 {
		h.recorder.Record(q.cred, r)
		return
	}
	for _, one := range q.deleted {
		r.Outcome, r.Keys = one.outcome, one.keys
		h.recorder.Record(q.cred, r)
	}
}

// ending is an outcome and the keys of a DeleteObjects that have it.
type ending struct {
	outcome string
	keys    []string
}

// ended notes how one key of a DeleteObjects ended.
func (q *request) ended(key, code string) {
	for i := range q.deleted {
		if q.deleted[i].outcome == code {
			q.deleted[i].keys = append(q.deleted[i].keys, key)
			return
		}
	}
	q.deleted = append(q.deleted, ending{code, []string{key}})
}
