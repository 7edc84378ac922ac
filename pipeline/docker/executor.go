package docker

import (
	"log/slog"
	"time"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/client"

	"croft/internal/errs"
	"croft/pipeline"
)

// The labels on everything a run has on the engine.
const (
	labelInstance = "croft.instance" // which Croft it belongs to
	labelRun      = "croft.run"
	labelStep     = "croft.step"
)

// Config says how steps run. Zero values mean the defaults named here.
type Config struct {
	Logger     *slog.Logger
	InstanceID string // tells several Crofts on one engine apart; required
	Host       string // the engine's address; DOCKER_HOST or the system's default when empty

	Memory   int64         // bytes a container may use, swap included; 0 = no limit
	CPUs     float64       // processors a container may use; 0 = no limit
	MaxPids  int64         // processes and threads in a container; default 4096
	StopWait time.Duration // between TERM and KILL on cancel, whole seconds; default 5 s
	Patience time.Duration // how long to look for an engine that went away during a step; default 15 s

	Now func() time.Time // stamps log lines; default time.Now
}

// Executor runs steps on one Docker Engine. It is safe for concurrent use.
type Executor struct {
	cfg    Config
	api    *client.Client
	images *images
}

var _ pipeline.Executor = (*Executor)(nil)

// New makes an executor without contacting the engine; Check tells whether there is one.
// It fails only when the engine's address makes no sense.
func New(cfg Config) (*Executor, error) {
	if cfg.InstanceID == "" {
		return nil, errs.New(errs.Invalid, "instance_id_missing", "The Docker executor needs an instance ID.")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.MaxPids == 0 {
		cfg.MaxPids = 4096
	}
	if cfg.StopWait == 0 {
		cfg.StopWait = 5 * time.Second
	}
	if cfg.Patience == 0 {
		cfg.Patience = 15 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	// Not client.FromEnv: DOCKER_API_VERSION would switch negotiation off.
	opts := []client.Opt{client.WithTLSClientConfigFromEnv(), client.WithHostFromEnv(), client.WithAPIVersionNegotiation()}
	if cfg.Host != "" {
		opts = append(opts, client.WithHost(cfg.Host))
	}
	api, err := client.NewClientWithOpts(opts...)
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "engine_address_invalid",
			"The address of the Docker engine is not valid: check DOCKER_HOST and DOCKER_CERT_PATH.")
	}
	return &Executor{cfg: cfg, api: api, images: newImages(api)}, nil
}

// Close drops idle connections. It does not stop steps; cancel their contexts for that.
func (e *Executor) Close() error { return e.api.Close() }

// labels are what everything of a run carries.
func (e *Executor) labels(runID string) map[string]string {
	return map[string]string{labelInstance: e.cfg.InstanceID, labelRun: runID}
}

// mine selects what this Croft made, of one run or (empty) of all.
func (e *Executor) mine(runID string) filters.Args {
	f := filters.NewArgs(filters.Arg("label", labelInstance+"="+e.cfg.InstanceID))
	if runID != "" {
		f.Add("label", labelRun+"="+runID)
		return f
	}
	f.Add("label", labelRun)
	return f
}

// The names of what a run has on the engine; the labels, not the names, decide what is removed.
func networkName(runID string) string { return "croft-" + runID }
func volumeName(runID string) string  { return "croft-" + runID }
func helperName(runID string) string  { return "croft-" + runID + "-workspace" }
