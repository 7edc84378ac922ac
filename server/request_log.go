package server

import (
	"context"
	"net/http"
	"time"

	"croft/account"
	"croft/objectstore/accesslog"
)

// RequestLog is what S3 requests changed.
type RequestLog interface {
	// Newest returns a page, the newest first. It reads files and may take a moment.
	Newest(ctx context.Context, q accesslog.Query) (accesslog.Page, error)
}

// S3Request is one line of the S3 access log.
type S3Request struct {
	At         time.Time `json:"at" doc:"When the request came"`
	RequestID  string    `json:"requestId"`
	User       string    `json:"user"`
	AccessKey  string    `json:"accessKey" doc:"The key's ID"`
	Address    string    `json:"address"`
	Operation  string    `json:"operation" doc:"S3's name of the call" example:"PutObject"`
	Bucket     string    `json:"bucket"`
	Key        string    `json:"key"`
	Keys       []string  `json:"keys" doc:"Of a DeleteObjects, the keys that ended with this error or with none. A long list continues in the next line"`
	Version    string    `json:"version"`
	Source     string    `json:"source" doc:"Of a copy"`
	Status     int       `json:"status"`
	Error      string    `json:"error" doc:"The S3 error code; empty when it was done"`
	BytesIn    int64     `json:"bytesIn"`
	BytesOut   int64     `json:"bytesOut"`
	DurationMS float64   `json:"durationMs"`
	UserAgent  string    `json:"userAgent"`
	Dropped    int64     `json:"dropped" doc:"When not 0, this many requests could not be written down, and nothing else is set"`
}

type s3RequestsInput struct {
	Before   string `query:"before" doc:"next of the page before"`
	Limit    int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
	Bucket   string `query:"bucket" maxLength:"63"`
	Contains string `query:"contains" maxLength:"200" doc:"A text in any of what a line says"`
}

func (s *Server) requestLogRoutes() {
	o := op("list-s3-requests", http.MethodGet, "/audit/s3", "What S3 requests changed, the newest first", "operations")
	o.Description = "A page may be short, even empty, and have a next: a search reads a part of the log at a time."
	route(s, o, Need(account.AuditRead, instanceScope), s.listS3Requests)
}

func (s *Server) listS3Requests(ctx context.Context, in *s3RequestsInput) (*body[List[S3Request]], error) {
	page, err := s.deps.Requests.Newest(ctx, accesslog.Query{Before: in.Before, Limit: in.Limit, Bucket: in.Bucket, Contains: in.Contains})
	if err != nil {
		return nil, err
	}
	return listOf(page.Entries, page.Next, func(e accesslog.Entry) S3Request {
		return S3Request{
			At: e.Time, RequestID: e.RequestID, User: e.User, AccessKey: e.AccessKey, Address: e.Remote, Operation: e.Operation,
			Bucket: e.Bucket, Key: e.Key, Keys: append([]string{}, e.Keys...), Version: e.Version, Source: e.Source, Status: e.Status,
			Error: e.Error, BytesIn: e.BytesIn, BytesOut: e.BytesOut, DurationMS: e.Duration, UserAgent: e.UserAgent, Dropped: e.Dropped,
		}
	}), nil
}
