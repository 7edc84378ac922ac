package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/inventory"
)

// Inventory has reports made of what is in buckets.
type Inventory interface {
	Available() bool
	All(ctx context.Context, bucket string) ([]inventory.Configuration, error)
	Status(ctx context.Context, bucket, id string) (inventory.Status, error)
	Set(ctx context.Context, bucket string, c inventory.Configuration) error
	Remove(ctx context.Context, bucket, id string) error
	Now(ctx context.Context, bucket, id string) error
}

// BucketInventory is which reports a bucket has made.
type BucketInventory struct {
	Available bool              `json:"available" doc:"Whether buckets of this store can have reports"`
	Fields    []string          `json:"fields" doc:"What a report can say besides"`
	Reports   []InventoryReport `json:"reports"`
}

// InventoryReport is what is listed, how often and where to, and how that is.
type InventoryReport struct {
	InventoryConfiguration
	Wanted      bool       `json:"wanted" doc:"A report is to be made as soon as there is time"`
	Running     bool       `json:"running"`
	Listed      int64      `json:"listed" doc:"Rows so far, or of the last report since the start"`
	Last        *time.Time `json:"last,omitempty" doc:"When the last report was made"`
	Manifest    string     `json:"manifest,omitempty" doc:"The key of its manifest in the bucket that reports go to"`
	Files       int        `json:"files"`
	Bytes       int64      `json:"bytes"`
	Next        *time.Time `json:"next,omitempty"`
	Problem     string     `json:"problem,omitempty" doc:"Why the last try failed, in words"`
	ProblemCode string     `json:"problemCode,omitempty" doc:"Of that failure, as of a refusal; missing of one that has none"`
}

// InventoryConfiguration is what is listed, how often and where to.
type InventoryConfiguration struct {
	ID      string   `json:"id" maxLength:"64" doc:"Letters, digits, dots, hyphens and underscores"`
	Enabled bool     `json:"enabled"`
	Weekly  bool     `json:"weekly" doc:"On Sundays, otherwise daily"`
	All     bool     `json:"all" doc:"All versions, otherwise what keys hold now"`
	Filter  string   `json:"filter" maxLength:"1024" doc:"Only keys that begin with it"`
	Bucket  string   `json:"bucket" maxLength:"63" doc:"Of the same project, that reports are written to"`
	Prefix  string   `json:"prefix" maxLength:"512" doc:"What their keys begin with"`
	Format  string   `json:"format" enum:"CSV,Parquet"`
	Fields  []string `json:"fields" maxItems:"50"`
}

type (
	setInventoryInput struct {
		InBucket
		Body InventoryConfiguration
	}
	oneInventoryInput struct {
		InBucket
		ID string `path:"id"`
	}
)

func (s *Server) inventoryRoutes() {
	rule := Need(account.BucketWrite, s.bucket())
	const path = "/buckets/{bucket}/inventory"
	route(s, op("get-inventory", http.MethodGet, path, "Which reports of what is in it a bucket has made", "buckets"), Need(account.BucketRead, s.bucket()), s.getInventory)
	route(s, op("set-inventory", http.MethodPut, path, "Have reports made, or others than before", "buckets"), rule, s.setInventory)
	route(s, status(op("remove-inventory", http.MethodDelete, path+"/{id}", "Have no more reports made; those that were stay", "buckets"), http.StatusNoContent), rule, s.removeInventory)
	route(s, status(op("run-inventory", http.MethodPost, path+"/{id}/run", "Have a report made now", "buckets"), http.StatusNoContent), rule, s.runInventory)
}

func (s *Server) getInventory(ctx context.Context, in *InBucket) (*body[BucketInventory], error) {
	out := BucketInventory{Available: s.deps.Inventory.Available(), Fields: inventory.Fields, Reports: []InventoryReport{}}
	all, err := s.deps.Inventory.All(ctx, in.Bucket)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		st, err := s.deps.Inventory.Status(ctx, in.Bucket, c.ID)
		if errors.Is(err, inventory.ErrNone) {
			continue // it was removed meanwhile
		}
		if err != nil {
			return nil, err
		}
		out.Reports = append(out.Reports, wireInventory(&c, &st))
	}
	return &body[BucketInventory]{out}, nil
}

func (s *Server) setInventory(ctx context.Context, in *setInventoryInput) (*body[BucketInventory], error) {
	auditing(ctx).Target = in.Bucket
	auditing(ctx).Detail = in.Body.ID + " to " + in.Body.Bucket
	if err := s.mayReportTo(ctx, in.Bucket, in.Body.Bucket, in.Body.Prefix); err != nil {
		return nil, err
	}
	all, err := s.deps.Inventory.All(ctx, in.Bucket)
	if err != nil {
		return nil, err
	}
	if err := s.deps.Inventory.Set(ctx, in.Bucket, in.Body.toApp(all)); err != nil {
		return nil, err
	}
	return s.getInventory(ctx, &in.InBucket)
}

// mayReportTo refuses a bucket of another project, and one whose policy says no.
func (s *Server) mayReportTo(ctx context.Context, bucket, to, prefix string) error {
	source, err := s.deps.Store.Bucket(ctx, bucket)
	if err != nil {
		return err
	}
	target, err := s.deps.Store.Bucket(ctx, to)
	if err == nil && target.Owner != source.Owner || errors.Is(err, objectstore.ErrBucketNotFound) {
		return errs.New(errs.Invalid, "inventory_target", "Reports go to a bucket of the same project. Name one that is there.")
	}
	if err != nil {
		return err
	}
	return s.denied(ctx, account.PrincipalFrom(ctx), PolicyRequest{Permission: "s3:PutObject", Bucket: to, Key: prefix})
}

func (s *Server) removeInventory(ctx context.Context, in *oneInventoryInput) (*struct{}, error) {
	auditing(ctx).Target, auditing(ctx).Detail = in.Bucket, in.ID
	return nil, s.deps.Inventory.Remove(ctx, in.Bucket, in.ID)
}

func (s *Server) runInventory(ctx context.Context, in *oneInventoryInput) (*struct{}, error) {
	auditing(ctx).Target, auditing(ctx).Detail = in.Bucket, in.ID
	return nil, s.deps.Inventory.Now(ctx, in.Bucket, in.ID)
}

// toApp keeps of a configuration of the same ID what the console does not show.
func (c InventoryConfiguration) toApp(all []inventory.Configuration) inventory.Configuration {
	out := inventory.Configuration{}
	for _, is := range all {
		if is.ID == c.ID {
			out = is
		}
	}
	out.ID, out.Enabled, out.Weekly, out.All, out.Filter = c.ID, c.Enabled, c.Weekly, c.All, c.Filter
	out.Bucket, out.Prefix, out.Format, out.Fields = c.Bucket, c.Prefix, inventory.Format(c.Format), c.Fields
	return out
}

func wireInventory(c *inventory.Configuration, st *inventory.Status) InventoryReport {
	fields := c.Fields
	if fields == nil {
		fields = []string{}
	}
	return InventoryReport{
		InventoryConfiguration: InventoryConfiguration{
			ID: c.ID, Enabled: c.Enabled, Weekly: c.Weekly, All: c.All, Filter: c.Filter,
			Bucket: c.Bucket, Prefix: c.Prefix, Format: string(c.Format), Fields: fields,
		},
		Wanted: st.Wanted, Running: st.Running, Listed: st.Listed, Last: optional(st.Last), Manifest: st.Manifest, Files: st.Files, Bytes: st.Bytes,
		Next: optional(st.Next), Problem: st.Problem.Message, ProblemCode: st.Problem.Code,
	}
}
