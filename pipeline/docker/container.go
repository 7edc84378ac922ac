package docker

import (
	"context"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"

	"croft/pipeline"
)

// droppedCapabilities are those of Docker's default set that builds do without:
// raw packets, device nodes, the kernel's audit log, and passing capabilities on.
var droppedCapabilities = []string{"NET_RAW", "MKNOD", "AUDIT_WRITE", "SETPCAP"}

// The engine keeps this much of a container's output for taking up a broken stream:
// logFiles files of logFileMiB each, then the oldest goes.
const (
	logFiles   = "5"
	logFileMiB = "20m"
)

// create makes a step's container. It goes on when ctx ends meanwhile, so that the container's ID is known.
func (e *Executor) create(ctx context.Context, step pipeline.StepSpec, script string) (string, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	labels := e.labels(step.RunID)
	labels[labelStep] = step.StepID
	init := true
	res, err := e.api.ContainerCreate(ctx, &container.Config{
		Image:        step.Image,
		Entrypoint:   []string{"/bin/sh"},
		Cmd:          []string{"-e", "-c", script},
		WorkingDir:   pipeline.WorkspacePath,
		Env:          environment(step.Env),
		Labels:       labels,
		AttachStdout: true,
		AttachStderr: true,
		StopSignal:   "SIGTERM",
		Healthcheck:  &container.HealthConfig{Test: []string{"NONE"}},
	}, &container.HostConfig{
		Init:        &init,
		NetworkMode: container.NetworkMode(networkName(step.RunID)),
		Mounts:      []mount.Mount{workspaceMount(step.RunID)},
		CapDrop:     droppedCapabilities,
		SecurityOpt: []string{"no-new-privileges"},
		LogConfig: container.LogConfig{Type: "local", Config: map[string]string{
			"max-size": logFileMiB, "max-file": logFiles, "compress": "false",
		}},
		Resources: container.Resources{
			PidsLimit: &e.cfg.MaxPids, Memory: e.cfg.Memory, MemorySwap: e.cfg.Memory,
			NanoCPUs: int64(e.cfg.CPUs * 1e9),
		},
	}, &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{
		networkName(step.RunID): {Aliases: aliases(step.Name)},
	}}, nil, containerName(step))
	return res.ID, err
}

// environment lists the step's variables. The first one makes the engine's init pass
// a signal on to every process of the script instead of to the shell alone.
func environment(vars map[string]string) []string {
	env := []string{"TINI_KILL_PROCESS_GROUP=1"}
	for name, value := range vars {
		env = append(env, name+"="+value)
	}
	slices.Sort(env[1:])
	return env
}

// aliases are the names under which steps of the same run reach this one.
func aliases(name string) []string {
	if slug := slug(name); slug != "" {
		return []string{slug}
	}
	return nil
}

func containerName(step pipeline.StepSpec) string {
	if slug := slug(step.Name); slug != "" {
		return "croft-" + slug + "-" + step.StepID
	}
	return "croft-step-" + step.StepID
}

// slug keeps of a name what may stand in a host name.
func slug(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		case r == '-', r == ' ', r == '_', r == '.', r == '/':
			return '-'
		}
		return -1
	}, name)
	return strings.Trim(name[:min(len(name), 40)], "-")
}
