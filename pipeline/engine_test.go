//go:build unix

package pipeline_test

import (
	"fmt"
	"strings"
	"testing"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/internal/testimage"
	"croft/pipeline"
	"croft/pipeline/docker"
	"croft/pipeline/git"
	"croft/pipeline/git/gittest"
)

// TestRealGitAndEngine takes commits of a protected repository, served by git
// itself, through a real engine.
func TestRealGitAndEngine(t *testing.T) {
	testimage.Engine(t)
	image := testimage.Busybox(t)
	server := gittest.New(t)
	code := server.Init(t, "sample")
	code.Write("tool.sh", "#!/bin/sh\necho made by $CROFT_STEP of run $CROFT_RUN_NUMBER\n", 0o755)
	code.Write(".croft.yml", fmt.Sprintf(`
timeout: 5m
stages:
  - name: build
    steps:
      - name: make
        image: %[1]s
        script: |
          mkdir -p out
          ./tool.sh > out/made.txt
          cat out/made.txt
          echo the token is $TOKEN
        artifacts: ["out/*.txt"]
  - name: check
    steps:
      - { name: left, image: %[1]s, script: grep run out/made.txt }
      - { name: right, image: %[1]s, script: "test -x tool.sh && test ! -e .git" }
`, image), 0o644)
	first := code.Push("main", "Make something")
	server.Protect("ci", "s3cret")

	executor, err := docker.New(docker.Config{InstanceID: "test-" + ids.New()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { executor.Close() })
	w := newWorld(t)
	w.realSource, w.realExecutor = git.New(git.Config{TempDir: t.TempDir()}), executor
	r := w.start()
	add := func(c pipeline.Credential, branch string) (pipeline.Repository, error) {
		repo, _, err := r.AddRepository(t.Context(), pipeline.NewRepository{ProjectID: "p1", Name: "sample", CloneURL: code.URL, Branch: branch, Credential: c})
		return repo, err
	}
	for code, try := range map[string]struct {
		c      pipeline.Credential
		branch string
	}{
		"repository_auth":           {pipeline.Credential{}, "main"},
		"repository_branch_missing": {pipeline.Credential{Username: "ci", Password: "s3cret"}, "nope"},
	} {
		if got, _ := errs.Public(second(add(try.c, try.branch))); got != code {
			t.Errorf("got %s, want %s", got, code)
		}
	}
	repo, err := add(pipeline.Credential{Username: "ci", Password: "s3cret"}, "main")
	if err != nil {
		t.Fatal(err)
	}
	secret := []pipeline.Variable{{Name: "TOKEN", Value: "t0p-s3cret", Secret: true}}
	run := r.final(r.trigger(repo.ID, pipeline.TriggerRequest{Variables: secret}).ID)
	if got, want := show(run), "success build=success(make=success:0) check=success(left=success:0 right=success:0)"; got != want || run.Commit != first || run.CommitMessage != "Make something" {
		t.Fatalf("got %s %q, want %s", got, run.Error, want)
	}
	log := r.log(run.ID, run.Stages[0].Steps[0].ID)
	for _, fragment := range []string{"made by make of run 1", "the token is ***", "Croft: kept out/made.txt (22 bytes)"} {
		if !strings.Contains(log, fragment) {
			t.Errorf("the log lacks %q:\n%s", fragment, log)
		}
	}
	if strings.Contains(log, "t0p-s3cret") {
		t.Error("the secret is in the log")
	}
	if got := string(w.blobs.objects["slug-p1-artifacts/sample/1/out/made.txt"]); got != "made by make of run 1\n" {
		t.Errorf("the artifact is %q", got)
	}

	// Another commit, whose step is canceled; the old commit can still be built.
	code.Write(".croft.yml", "stages: [{name: a, steps: [{name: long, image: "+image+", script: 'echo before; sleep 600'}]}]\n", 0o644)
	code.Push("main", "Sleep")
	long := r.trigger(repo.ID, pipeline.TriggerRequest{})
	again := r.trigger(repo.ID, pipeline.TriggerRequest{Commit: first})
	long = r.await(long.ID, func(run pipeline.Run) bool { return len(run.Stages) > 0 })
	lines, err := r.OpenLog(t.Context(), long.ID, long.Stages[0].Steps[0].ID, 0, true)
	if err != nil {
		t.Fatal(err)
	}
	defer lines.Close()
	for {
		line, err := lines.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if line.Text == "before" {
			break
		}
	}
	if _, err := r.Cancel(t.Context(), long.ID); err != nil {
		t.Fatal(err)
	}
	if got, want := show(r.final(long.ID)), "canceled a=canceled(long=canceled)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if run := r.final(again.ID); run.State != pipeline.RunSuccess || run.Commit != first {
		t.Errorf("the old commit: %s %q", show(run), run.Error)
	}
	r.close()
	left, err := executor.Leftovers(t.Context())
	if err != nil || len(left) > 0 {
		t.Errorf("left on the engine: %v, %v", left, err)
	}
}
