package docker

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/docker/docker/api/types/versions"

	"croft/pipeline"
)

const (
	checkTimeout = 3 * time.Second
	oldestAPI    = "1.41" // Engine 20.10
)

// Check asks the engine for its version and says in words what is wrong when it does not answer.
func (e *Executor) Check(ctx context.Context) pipeline.ExecutorStatus {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	ping, err := e.api.Ping(ctx)
	if err != nil {
		return pipeline.ExecutorStatus{Message: e.absence(err)}
	}
	v, err := e.api.ServerVersion(ctx)
	if err != nil {
		return pipeline.ExecutorStatus{Message: e.absence(err)}
	}
	switch {
	case ping.OSType == "windows":
		return pipeline.ExecutorStatus{Version: v.Version,
			Message: "Docker runs Windows containers: choose “Switch to Linux containers” in Docker Desktop's menu."}
	case versions.LessThan(v.APIVersion, oldestAPI):
		return pipeline.ExecutorStatus{Version: v.Version,
			Message: "Docker Engine " + v.Version + " is too old: pipelines need 20.10 or later."}
	}
	return pipeline.ExecutorStatus{Available: true, Version: v.Version}
}

// absence says in one sentence why the engine does not answer and what to do.
func (e *Executor) absence(err error) string {
	host := e.api.DaemonHost()
	local := strings.HasPrefix(host, "unix://") || strings.HasPrefix(host, "npipe://")
	switch {
	case denied(err) && runtime.GOOS == "windows":
		return "Permission to use the Docker engine is denied: add your user to the docker-users group and sign in again."
	case denied(err):
		return "Permission to use the Docker engine at " + host + " is denied: join the docker group (sudo usermod -aG docker $USER), log in again and restart Croft."
	case !local:
		return "The Docker engine at " + host + " does not answer: check DOCKER_HOST and that the engine runs there."
	case os.Getenv("DOCKER_HOST") != "" || e.cfg.Host != "":
		return "No Docker engine answers at " + host + ": start it, or correct DOCKER_HOST."
	case runtime.GOOS == "linux":
		return "No Docker engine answers at " + host + ": install it (Debian and Ubuntu: apt install docker.io) or start it (systemctl start docker)."
	default:
		return "No Docker engine answers at " + host + ": install Docker Desktop and start it."
	}
}

// denied reports that the engine's socket exists but may not be opened.
func denied(err error) bool {
	return errors.Is(err, os.ErrPermission) || strings.Contains(err.Error(), "permission denied")
}
