package s3api

import (
	"net/http"
	"strconv"
	"strings"

	"croft/objectstore"
)

// restoreOperations are the calls about copies of what is in tiers.
var restoreOperations = []operation{
	{"RestoreObject", http.MethodPost, onObject, "restore", "", WriteObject, (*Handler).restoreObject},
}

// restoreObject has a copy made of an object that a tier keeps. It answers 202 when that
// is promised, and 200 when the copy is there and now stays for another time.
func (h *Handler) restoreObject(q *request) error {
	text, err := q.body.readAll(maxSetting)
	if err != nil {
		return err
	}
	days, err := restoreDays(text)
	if err != nil {
		return err
	}
	ref := q.ref()
	store, ok := h.store.(objectstore.Restorer)
	if !ok { // nothing of it is in a tier
		if _, err := h.head(q, ref); err != nil {
			return err
		}
		return objectstore.ErrNotInTier
	}
	o, err := store.Restore(q.r.Context(), objectstore.RestoreRequest{VersionRef: ref, Days: days})
	if err != nil {
		return unreadable(o, versionError(ref.ID, err))
	}
	q.setVersion(q.w.Header(), o.VersionID)
	if o.Restore.Ongoing {
		q.w.WriteHeader(http.StatusAccepted)
	} else {
		q.w.WriteHeader(http.StatusOK)
	}
	return nil
}

// restoreSpeeds are how fast S3 restores for how much; here all are the same.
var restoreSpeeds = map[string]bool{"": true, "Standard": true, "Bulk": true, "Expedited": true}

// restoreDays reads the document of a request, of which only the days mean something
// here.
func restoreDays(text []byte) (int, error) {
	root, err := readElement(text, "RestoreRequest")
	if err != nil {
		return 0, err
	}
	var days, speed, jobSpeed, kind, description string
	selects := func(*element) error {
		return fail("NotImplemented", "A query while an object is restored is not implemented. Use SelectObjectContent, which needs no restore.")
	}
	known := map[string]func(*element) error{
		"Days": once(&days), "Tier": once(&speed), "Type": once(&kind), "Description": once(&description),
		"GlacierJobParameters": func(e *element) error { return e.fields(map[string]func(*element) error{"Tier": once(&jobSpeed)}) },
		"SelectParameters":     selects, "OutputLocation": selects,
	}
	if err := root.fields(known); err != nil {
		return 0, err
	}
	if kind != "" {
		if kind != "SELECT" {
			return 0, errMalformedXML()
		}
		return 0, selects(nil)
	}
	n, err := strconv.Atoi(days)
	if err != nil || n < 1 || n > objectstore.MaxRestoreDays || !restoreSpeeds[speed] || !restoreSpeeds[jobSpeed] {
		return 0, errMalformedXML()
	}
	return n, nil
}

const restoreHeader = "X-Amz-Restore"

// setRestore says in the answer how it is with the copy.
func (q *request) setRestore(header http.Header, s objectstore.RestoreState) {
	switch {
	case s.Ongoing:
		q.setHeader(header, restoreHeader, `ongoing-request="true"`)
	case !s.Until.IsZero():
		q.setHeader(header, restoreHeader, `ongoing-request="false", expiry-date="`+s.Until.UTC().Format(http.TimeFormat)+`"`)
	}
}

// readOptional reads which attributes a listing is to have that it usually has not.
func (l *listing) readOptional(q *request) error {
	for _, value := range q.r.Header.Values("X-Amz-Optional-Object-Attributes") {
		for name := range strings.SplitSeq(value, ",") {
			if strings.TrimSpace(name) != "RestoreStatus" {
				return fail("InvalidArgument", "Invalid attribute name specified: RestoreStatus is the only one.")
			}
			l.restores = true
		}
	}
	return nil
}

// restoreStatus writes how it is with an object's copy, if it has one and that is asked for.
func (d *document) restoreStatus(l *listing, s objectstore.RestoreState) {
	if !l.restores || !s.Ongoing && s.Until.IsZero() {
		return
	}
	d.open("RestoreStatus")
	d.boolean("IsRestoreInProgress", s.Ongoing)
	if !s.Until.IsZero() {
		d.open("RestoreExpiryDate")
		d.text = appendTime(d.text, s.Until)
		d.close("RestoreExpiryDate")
	}
	d.close("RestoreStatus")
}
