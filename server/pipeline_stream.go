package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"croft/internal/errs"
	"croft/pipeline"
)

func eventsOp(id, path, summary string) huma.Operation {
	o := op(id, http.MethodGet, path, summary, "pipelines")
	o.Responses = map[string]*huma.Response{"200": {Description: "Server-sent events", Content: map[string]*huma.MediaType{"text/event-stream": {}}}}
	return o
}

func logOp(id, path, summary string) huma.Operation {
	o := op(id, http.MethodGet, path, summary, "pipelines")
	o.Responses = map[string]*huma.Response{"200": {
		Description: "Plain text, or server-sent events when they are asked for", Content: map[string]*huma.MediaType{"text/plain": {}, "text/event-stream": {}},
	}}
	return o
}

// runOf finds the run that a raw route names.
func (p pipelineAPI) runOf(ctx context.Context, params Params) (pipeline.Run, error) {
	number, err := strconv.ParseInt(params.Param("number"), 10, 64)
	if err != nil {
		return pipeline.Run{}, errRunNumber
	}
	return p.run(ctx, params.Param("name"), number)
}

// lastSeen is the number the client's last event had, 0 for none.
func lastSeen(r *http.Request) (int64, error) {
	id := r.Header.Get("Last-Event-ID")
	if id == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n < 0 {
		return 0, errs.New(errs.Invalid, "last_event_id_invalid", "The Last-Event-ID is not one this stream gave out.")
	}
	return n, nil
}

var endEvent = Event{Name: "end", Data: []byte("{}")}

// watchRun sends the run whenever it has changed, and ends with its final state.
func (p pipelineAPI) watchRun(w http.ResponseWriter, r *http.Request, params Params) error {
	run, err := p.runOf(r.Context(), params)
	if err != nil {
		return err
	}
	seen, err := lastSeen(r)
	if err != nil {
		return err
	}
	return p.server.stream(w, r, func(ctx context.Context, send func(Event) error) error {
		for {
			run, err := p.pipelines.AwaitRun(ctx, run.ID, seen)
			if err != nil {
				return err
			}
			if run.Revision > seen {
				data, err := json.Marshal(wireRun(run))
				if err != nil {
					return fmt.Errorf("encode run: %w", err)
				}
				if err := send(Event{ID: strconv.FormatInt(run.Revision, 10), Name: "run", Data: data}); err != nil {
					return err
				}
				seen = run.Revision
			}
			if run.State.Final() {
				return send(endEvent)
			}
		}
	})
}

// stepLog follows a step's log, or downloads what there is of it.
func (p pipelineAPI) stepLog(w http.ResponseWriter, r *http.Request, params Params) error {
	run, err := p.runOf(r.Context(), params)
	if err != nil {
		return err
	}
	if !wantsEvents(r) {
		return p.downloadLog(w, r, run, params.Param("stepId"))
	}
	offset, err := lastSeen(r)
	if err != nil {
		return err
	}
	lines, err := p.pipelines.OpenLog(r.Context(), run.ID, params.Param("stepId"), offset, true)
	if err != nil {
		return err
	}
	defer func() { _ = lines.Close() }()
	return p.server.stream(w, r, func(ctx context.Context, send func(Event) error) error {
		for {
			line, err := lines.Next(ctx)
			if errors.Is(err, io.EOF) {
				return send(endEvent)
			}
			if err != nil {
				return err
			}
			data, err := json.Marshal(LogLine{line.At, line.Stream, line.Text})
			if err != nil {
				return fmt.Errorf("encode log line: %w", err)
			}
			if err := send(Event{ID: strconv.FormatInt(line.End, 10), Data: data}); err != nil {
				return err
			}
		}
	})
}

func (p pipelineAPI) downloadLog(w http.ResponseWriter, r *http.Request, run pipeline.Run, stepID string) error {
	lines, err := p.pipelines.OpenLog(r.Context(), run.ID, stepID, 0, false)
	if err != nil {
		return err
	}
	defer func() { _ = lines.Close() }()
	line, err := lines.Next(r.Context())
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'")
	w.Header().Set("Content-Disposition", disposition(true, fmt.Sprintf("%s-%d-%s.log", run.Repository, run.Number, stepName(run, stepID))))
	w.Header().Set("Cache-Control", "private, no-cache")
	out := bufio.NewWriter(w)
	for ; err == nil; line, err = lines.Next(r.Context()) {
		if _, err := fmt.Fprintln(out, line.Text); err != nil {
			return fmt.Errorf("send log: %w", err)
		}
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	return out.Flush()
}

func stepName(run pipeline.Run, stepID string) string {
	for _, stage := range run.Stages {
		for _, step := range stage.Steps {
			if step.ID == stepID {
				return step.Name
			}
		}
	}
	return stepID
}
