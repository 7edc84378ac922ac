package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"croft/account"
)

// apiPrefix is where the JSON API lives.
const apiPrefix = "/api/v1"

// maxJSONBody bounds what a route reads into memory unless it says otherwise.
const maxJSONBody = 1 << 20

// Route is one declared route.
type Route struct {
	Operation string
	Method    string
	Path      string
	Rule      Rule
}

// Routes lists every route in order of declaration.
func (s *Server) Routes() []Route { return slices.Clone(s.list) }

// op describes an operation under the API's prefix.
func op(id, method, path, summary, tag string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: apiPrefix + path, Summary: summary, Tags: []string{tag}}
}

// status sets the status of a route's good answer.
func status(o huma.Operation, code int) huma.Operation {
	o.DefaultStatus = code
	return o
}

// body is an answer that is only a JSON body.
type body[T any] struct{ Body T }

// List is one page of anything.
type List[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next" doc:"The cursor of the next page; empty on the last one"`
}

// listOf answers with the items converted to their wire form.
func listOf[T, W any](items []T, next string, convert func(T) W) *body[List[W]] {
	list := List[W]{Items: make([]W, 0, len(items)), Next: next}
	for _, item := range items {
		list.Items = append(list.Items, convert(item))
	}
	return &body[List[W]]{list}
}

// errBodyRule closes a route whose rule reads another body than the route has: the
// policy could not be asked.
var errBodyRule = errors.New("the rule of this route does not fit its input")

// route declares a JSON route: o describes it, rule guards it, handler answers it.
// Errors of the handler are rendered by their kind.
func route[I, O any](s *Server, o huma.Operation, rule Rule, handler func(context.Context, *I) (*O, error)) {
	s.declare(o, rule)
	o.Middlewares = append(o.Middlewares, func(hc huma.Context, next func(huma.Context)) {
		c := humagin.Unwrap(hc)
		ctx, err := s.admit(c.Request, o.OperationID, rule, c)
		if err != nil {
			s.writeError(c.Writer, c.Request, err)
			return
		}
		c.Request = c.Request.WithContext(ctx)
		next(hc)
	})
	huma.Register(s.api, o, func(ctx context.Context, in *I) (*O, error) {
		out, err := func() (*O, error) {
			if rule.body != nil {
				resource, ok := rule.body.(func(context.Context, *I) (account.Resource, error))
				if !ok {
					return nil, errBodyRule
				}
				if err := s.admitBody(ctx, rule, func() (account.Resource, error) { return resource(ctx, in) }); err != nil {
					return nil, err
				}
			}
			return handler(ctx, in)
		}()
		s.audit(ctx, o.Method, o.OperationID, rule, err)
		if err != nil {
			return nil, s.toAPIError(ctx, err)
		}
		return out, nil
	})
}

// rawHandler answers by itself. An error it returns before it has written anything
// is rendered by its kind; afterwards the connection is cut, so that the client
// does not take half an answer for a whole one.
type rawHandler func(w http.ResponseWriter, r *http.Request, p Params) error

// raw declares a route that is not JSON both ways: bytes, streams, sockets, hooks.
// The body is bounded by o.MaxBodyBytes, or maxJSONBody when that is 0; a negative
// value lifts the bound.
func raw(s *Server, o huma.Operation, rule Rule, handler rawHandler) {
	s.declare(o, rule)
	if !o.Hidden {
		describeRaw(&o)
		s.api.OpenAPI().AddOperation(&o)
	}
	s.engine.Handle(o.Method, ginPath(o.Path), func(c *gin.Context) {
		ctx, err := s.admit(c.Request, o.OperationID, rule, c)
		if err == nil && rule.body != nil {
			err = errBodyRule
		}
		if err != nil {
			s.writeError(c.Writer, c.Request, err)
			return
		}
		r := c.Request.WithContext(ctx)
		if o.MaxBodyBytes >= 0 {
			limit := o.MaxBodyBytes
			if limit == 0 {
				limit = maxJSONBody
			}
			r.Body = http.MaxBytesReader(c.Writer, r.Body, limit)
		}
		err = handler(c.Writer, r, c)
		s.audit(ctx, o.Method, o.OperationID, rule, err)
		switch {
		case err == nil:
		case c.Writer.Written():
			s.logInternal(ctx, err)
			panic(http.ErrAbortHandler)
		default:
			s.writeError(c.Writer, r, err)
		}
	})
}

// describeRaw fills in what huma would have found in the handler's types.
func describeRaw(o *huma.Operation) {
	for _, segment := range strings.Split(o.Path, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			o.Parameters = append(o.Parameters, &huma.Param{
				Name: strings.TrimSuffix(name, "}"), In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString},
			})
		}
	}
	if o.Responses == nil {
		o.Responses = map[string]*huma.Response{"200": {Description: "OK"}}
	}
}

// query describes a query parameter of a raw route.
func query(name, doc string, required bool) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: doc, Required: required, Schema: &huma.Schema{Type: huma.TypeString}}
}

func (s *Server) declare(o huma.Operation, rule Rule) {
	s.list = append(s.list, Route{Operation: o.OperationID, Method: o.Method, Path: o.Path, Rule: rule})
}

func ginPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}
