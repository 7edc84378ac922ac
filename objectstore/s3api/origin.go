package s3api

import (
	"net"

	"croft/objectstore"
)

// tellOrigin lets those who are told of what the request changes know where it came from.
func (q *request) tellOrigin() {
	if q.op.action != WriteObject {
		return
	}
	address, _, err := net.SplitHostPort(q.r.RemoteAddr)
	if err != nil {
		address = q.r.RemoteAddr
	}
	q.origin = objectstore.Origin{User: q.cred.User, UserID: q.cred.UserID, Address: address, RequestID: q.id, Form: q.posted}
	q.r = q.r.WithContext(objectstore.WithOrigin(q.r.Context(), &q.origin))
}
