package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"croft/internal/testimage"
)

// TestKilledWhileRunning: a run that was going when Croft was killed reaches one
// true final state after the restart, what it had logged is kept, and nothing of
// it stays on the engine.
func TestKilledWhileRunning(t *testing.T) {
	engine := testimage.Engine(t)
	image := testimage.Busybox(t)
	forge := NewForge(t)
	c := New(t, 1).WithAccount(rootName, rootPassword).Start()
	sweepAfter(t, engine, c)
	api := c.login(t)
	remote := forge.NewRepository(t, "slow.git")
	work := NewWork(t, remote)
	work.Write(".croft.yml", `stages:
  - name: slow
    steps:
      - name: wait
        image: `+image+`
        script:
          - echo before the crash
          - sleep 15
          - echo after the crash
  - name: next
    steps:
      - name: never
        image: `+image+`
        script: echo next
`)
	work.Commit("Take a while")
	work.Push()
	const repository = "/api/v1/projects/slow/repositories/slow"
	api.Must(t, "POST", "/api/v1/projects", map[string]string{"slug": "slow", "name": "Slow"}, nil)
	api.Must(t, "POST", "/api/v1/projects/slow/repositories", map[string]string{"name": "slow", "cloneUrl": remote, "branch": "main"}, nil)
	var run RunView
	api.Must(t, "POST", repository+"/runs", map[string]string{}, &run)
	run = planned(t, api, repository, run.Number)
	step, _ := run.Step(t, "wait")
	id := runID(t, api, repository)
	log := fmt.Sprintf("%s/runs/%d/steps/%s/log", repository, run.Number, step)
	waitForLine(t, api, log, "before the crash")
	if left := onEngine(t, engine, "croft.run="+id); len(left) == 0 {
		t.Fatal("a running step is not on the engine under its run's label")
	}

	c.Kill()
	c.Start()
	api = c.login(t)
	run = final(t, api, repository, run.Number)
	var text string
	api.Must(t, "GET", log, nil, &text)
	says(t, "the log", text, "before the crash")
	_, wait := run.Step(t, "wait")
	_, never := run.Step(t, "never")
	switch run.State {
	case "success": // the container was found again and seen to its end
		says(t, "the log", text, "after the crash")
		if wait != "success" || never != "success" {
			t.Errorf("in a successful run the steps are %s and %s", wait, never)
		}
	case "error": // the run was given up, and says so
		if run.Error == "" {
			t.Error("the run does not say why it ended")
		}
		if wait == "success" || wait == "running" || never != "skipped" && never != "canceled" && never != "error" {
			t.Errorf("in a run that was given up the steps are %s and %s", wait, never)
		}
	default:
		t.Errorf("the run ended as %s (%s)", run.State, run.Error)
	}
	nothingLeft(t, engine, "croft.run="+id)
	// A second start finds nothing to change.
	c.Stop()
	c.Start()
	var again RunView
	c.login(t).Must(t, "GET", fmt.Sprintf("%s/runs/%d", repository, run.Number), nil, &again)
	if again.State != run.State {
		t.Errorf("the final state %s became %s", run.State, again.State)
	}
}

func runID(t *testing.T, api *API, repository string) string {
	t.Helper()
	var runs struct{ Items []struct{ ID string } }
	api.Must(t, "GET", repository+"/runs", nil, &runs)
	if len(runs.Items) == 0 || runs.Items[0].ID == "" {
		t.Fatal("the repository lists no run")
	}
	return runs.Items[0].ID
}

// planned waits until a run knows its steps.
func planned(t *testing.T, api *API, repository string, number int) RunView {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	resp, err := api.Stream(ctx, fmt.Sprintf("%s/runs/%d/events", repository, number))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("run %d ended without steps: %v", number, err)
		}
		data, found := strings.CutPrefix(line, "data: ")
		var run RunView
		if found && json.Unmarshal([]byte(data), &run) == nil && len(run.Stages) > 0 {
			return run
		}
	}
}

// waitForLine follows a step's live log until a line has the text.
func waitForLine(t *testing.T, api *API, log, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	resp, err := api.Stream(ctx, log)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if strings.Contains(lines.Text(), text) {
			return
		}
	}
	t.Fatalf("the log ended without %q: %v", text, lines.Err())
}
