package app

import (
	"net"
	"time"

	"croft/account"
	"croft/objectstore/accesslog"
	"croft/objectstore/s3api"
)

// requests writes what S3 requests changed into the access log.
type requests struct{ log *accesslog.Log }

var _ s3api.Recorder = requests{}

func (r requests) Record(c s3api.Credential, one s3api.Record) {
	e := accesslog.Entry{
		Time: one.Began, RequestID: one.RequestID, AccessKey: c.AccessKey, Operation: one.Operation, Bucket: one.Bucket,
		Key: one.Key, Keys: one.Keys, Version: one.Version, Source: one.Source, Status: one.Status, BytesIn: one.BytesIn,
		BytesOut: one.BytesOut, Duration: float64(one.Took) / float64(time.Millisecond), UserAgent: one.UserAgent, Remote: one.Address,
	}
	if principal, ok := c.Identity.(account.Principal); ok {
		e.User = principal.Name
	}
	if host, _, err := net.SplitHostPort(one.Address); err == nil {
		e.Remote = host
	}
	if one.Outcome != "ok" {
		e.Error = one.Outcome
	}
	r.log.Record(e)
}
