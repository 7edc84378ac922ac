package s3api

import "net/http"

// restoreOperations are the calls about objects in archives, which there are none of.
var restoreOperations = []operation{
	{"RestoreObject", http.MethodPost, onObject, "restore", "", WriteObject, (*Handler).restoreObject},
}

// restoreObject answers as S3 does for what can be read: no object has to be restored,
// because those that tiers keep are read as any other.
func (h *Handler) restoreObject(q *request) error {
	if _, err := q.body.readAll(maxSetting); err != nil {
		return err
	}
	ref, err := h.readable(q)
	if err != nil {
		return err
	}
	if _, err := h.head(q, ref); err != nil {
		return err
	}
	return fail("InvalidObjectState", "Restore is not allowed for the object's current storage class: the object can be read as it is, wherever it is kept.")
}
