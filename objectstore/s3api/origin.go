package s3api

import (
	"croft/internal/forwarded"
	"croft/objectstore"
)

// tellOrigin lets those who are told of what the request changes know where it came from.
func (q *request) tellOrigin() {
	if q.op.action != WriteObject {
		return
	}
	q.origin = objectstore.Origin{User: q.cred.User, UserID: q.cred.UserID, Address: forwarded.Address(q.r), RequestID: q.id, Form: q.posted}
	q.r = q.r.WithContext(objectstore.WithOrigin(q.r.Context(), &q.origin))
}
