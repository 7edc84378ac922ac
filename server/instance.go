package server

import (
	"context"
	"net"
	"net/http"

	"croft/account"
	"croft/pipeline"
)

// Containers says whether containers can be run.
type Containers interface {
	Check(ctx context.Context) pipeline.ExecutorStatus
}

// Instance is what everybody may know of this Croft before logging in, and the
// container engine's state for those who have.
type Instance struct {
	Version       string        `json:"version"`
	Name          string        `json:"name"`
	SetupRequired bool          `json:"setupRequired" doc:"There is no user yet; the set-up link makes the first"`
	S3Address     string        `json:"s3Address" example:"http://localhost:9000"`
	Docker        *DockerStatus `json:"docker,omitempty" doc:"Only when logged in"`
}

// DockerStatus says whether pipelines can run.
type DockerStatus struct {
	Available bool   `json:"available"`
	Version   string `json:"version"`
	Message   string `json:"message" doc:"What is wrong and what to do, empty when available"`
}

func (s *Server) instanceRoutes() {
	route(s, op("get-instance", http.MethodGet, "/instance", "What this Croft is", "operations"),
		Public("the login page needs it"), s.instance)
}

func (s *Server) instance(ctx context.Context, _ *struct{}) (*body[Instance], error) {
	required, err := s.deps.Accounts.SetupRequired(ctx)
	if err != nil {
		return nil, err
	}
	out := Instance{Version: s.config.Version, Name: s.config.Name, SetupRequired: required, S3Address: s.s3URL(ctx)}
	if !account.PrincipalFrom(ctx).Nobody() && s.deps.Containers != nil {
		status := s.deps.Containers.Check(ctx)
		out.Docker = &DockerStatus{Available: status.Available, Version: status.Version, Message: status.Message}
	}
	return &body[Instance]{out}, nil
}

// s3URL is where S3 clients of this request's browser find the store.
func (s *Server) s3URL(ctx context.Context) string {
	if s.config.S3URL != "" {
		return s.config.S3URL
	}
	host := admissionFrom(ctx).from.host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return "http://" + net.JoinHostPort(trimBrackets(host), s.config.S3Port)
}

func trimBrackets(host string) string {
	if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		return host[1 : len(host)-1]
	}
	return host
}
