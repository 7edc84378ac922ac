package s3api

import (
	"encoding/xml"
	"net/http"
	"strings"
	"time"

	"croft/objectstore"
)

// The headers of object lock.
const (
	lockModeHeader  = "X-Amz-Object-Lock-Mode"
	lockUntilHeader = "X-Amz-Object-Lock-Retain-Until-Date"
	legalHoldHeader = "X-Amz-Object-Lock-Legal-Hold"
	bypassHeader    = "X-Amz-Bypass-Governance-Retention"
)

// lockModes is what S3 calls the modes of a retention.
var lockModes = map[objectstore.LockMode]string{
	objectstore.LockGovernance: "GOVERNANCE", objectstore.LockCompliance: "COMPLIANCE",
}

// lockMode returns the mode that S3 calls so, LockNone for anything else.
func lockMode(name string) objectstore.LockMode {
	for mode, known := range lockModes {
		if name == known {
			return mode
		}
	}
	return objectstore.LockNone
}

// legalHolds are the states of a legal hold.
var legalHolds = map[string]bool{"ON": true, "OFF": false}

func legalHold(hold bool) string {
	if hold {
		return "ON"
	}
	return "OFF"
}

// retainUntil reads a time that is to come, as locks have it.
func (h *Handler) retainUntil(text string) (time.Time, error) {
	until, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return until, fail("InvalidArgument", "The retain until date must be provided in ISO 8601 format")
	}
	if until = until.UTC().Truncate(time.Millisecond); !until.After(h.now()) {
		return until, fail("InvalidArgument", "The retain until date must be in the future!")
	}
	return until, nil
}

// headerLock reads the lock that the request gives an object that it makes.
func (h *Handler) headerLock(q *request) (lock objectstore.Lock, err error) {
	mode, until, hold := first(q.r.Header, lockModeHeader), first(q.r.Header, lockUntilHeader), first(q.r.Header, legalHoldHeader)
	if mode == "" && until == "" && hold == "" {
		return lock, nil
	}
	if (mode == "") != (until == "") {
		return lock, fail("InvalidArgument", "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied")
	}
	if mode != "" {
		if lock.Mode = lockMode(mode); lock.Mode == objectstore.LockNone {
			return lock, fail("InvalidArgument", "Unknown wormMode directive.")
		}
		if lock.Until, err = h.retainUntil(until); err != nil {
			return lock, err
		}
	}
	held, known := legalHolds[hold]
	if hold != "" && !known {
		return lock, fail("InvalidArgument", "Legal Hold must be either of 'ON' or 'OFF'")
	}
	lock.Hold = held
	return lock, h.needLock(q)
}

// needLock refuses what only buckets with object lock have.
func (h *Handler) needLock(q *request) error {
	if _, err := h.keepsVersions(); err != nil {
		return err
	}
	bucket, err := h.store.Bucket(q.r.Context(), q.bucket)
	if err == nil && !bucket.ObjectLock {
		err = fail("InvalidRequest", "Bucket is missing Object Lock Configuration")
	}
	return err
}

// setLock says how a version is locked.
func (q *request) setLock(header http.Header, lock objectstore.Lock) {
	if lock.Mode != objectstore.LockNone {
		q.setHeader(header, lockModeHeader, lockModes[lock.Mode])
		q.setHeader(header, lockUntilHeader, xmlTime(lock.Until))
	}
	if lock.Hold {
		q.setHeader(header, legalHoldHeader, legalHold(true))
	}
}

// bypasses reports whether the request wants to bypass governance, and may. Who may
// not goes on as if it had not asked, as in S3: what is locked is refused then.
func (h *Handler) bypasses(q *request, key, version string) (bool, error) {
	if !strings.EqualFold(first(q.r.Header, bypassHeader), "true") {
		return false, nil
	}
	denied := q.denied
	err := h.authorize(q, q.ask(BypassGovernance, "s3:BypassGovernanceRetention", q.bucket, key, version))
	if err != nil && translate(err).code != "AccessDenied" {
		return false, err
	}
	q.denied = denied
	q.bypass = q.bypass || err == nil
	return err == nil, nil
}

type retentionXML struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ Retention"`
	Mode    string   `xml:"Mode"`
	Until   string   `xml:"RetainUntilDate"`
}

// lockOf returns the lock of the version that the request names.
func (h *Handler) lockOf(q *request) (objectstore.Lock, error) {
	if err := h.needLock(q); err != nil {
		return objectstore.Lock{}, err
	}
	o, err := h.head(q, q.ref())
	return o.Attributes.Lock, err
}

func (h *Handler) getObjectRetention(q *request) error {
	lock, err := h.lockOf(q)
	if err != nil {
		return err
	}
	if lock.Mode == objectstore.LockNone {
		return fail("NoSuchObjectLockConfiguration", "The specified object does not have a ObjectLock configuration")
	}
	writeXML(q.w, http.StatusOK, retentionXML{Mode: lockModes[lock.Mode], Until: xmlTime(lock.Until)})
	return nil
}

// retention reads the body of a PutObjectRetention.
func (q *request) retention() (r retentionXML, err error) {
	document, err := q.readSetting("Retention")
	if err == nil {
		err = document.fields(map[string]func(*element) error{"Mode": once(&r.Mode), "RetainUntilDate": once(&r.Until)})
	}
	return r, err
}

func (h *Handler) putObjectRetention(q *request) error {
	asked, err := q.retention()
	if err != nil {
		return err
	}
	var want objectstore.Lock
	if asked.Mode != "" || asked.Until != "" { // else it is to be retained no longer
		if want.Mode = lockMode(asked.Mode); want.Mode == objectstore.LockNone || asked.Until == "" {
			return errMalformedXML()
		}
		if want.Until, err = h.retainUntil(asked.Until); err != nil {
			return err
		}
	}
	if err := h.needLock(q); err != nil {
		return err
	}
	bypass, err := h.bypasses(q, q.key, q.ref().ID)
	if err != nil {
		return err
	}
	return h.updateVersion(q, bypass, http.StatusOK, func(a *objectstore.Attributes) error {
		was := a.Lock
		if was.Active(h.now()) && was.Mode == objectstore.LockGovernance && want.Mode != was.Mode && !bypass {
			return objectstore.ErrVersionLocked // also when it is to be compliance, which nobody could take back
		}
		a.Lock.Mode, a.Lock.Until = want.Mode, want.Until
		return nil
	})
}

func (h *Handler) getObjectLegalHold(q *request) error {
	lock, err := h.lockOf(q)
	if err != nil {
		return err
	}
	writeXML(q.w, http.StatusOK, struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ LegalHold"`
		Status  string   `xml:"Status"`
	}{Status: legalHold(lock.Hold)})
	return nil
}

// legalHold reads the body of a PutObjectLegalHold.
func (q *request) legalHold() (status string, err error) {
	document, err := q.readSetting("LegalHold")
	if err == nil {
		err = document.fields(map[string]func(*element) error{"Status": once(&status)})
	}
	return status, err
}

func (h *Handler) putObjectLegalHold(q *request) error {
	status, err := q.legalHold()
	if err != nil {
		return err
	}
	hold, known := legalHolds[status]
	if !known {
		return errMalformedXML()
	}
	if err := h.needLock(q); err != nil {
		return err
	}
	return h.updateVersion(q, false, http.StatusOK, func(a *objectstore.Attributes) error {
		a.Lock.Hold = hold
		return nil
	})
}
