package docker

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"croft/internal/errs"
	"croft/internal/testimage"
	"croft/pipeline"
)

func TestRunReportsExitCodeTimesAndOutput(t *testing.T) {
	e := newExecutor(t)
	runID := newRun(t, e, nil)
	f := func(name string, wantCode int, wantOut, wantErr string, items ...string) {
		t.Run(name, func(t *testing.T) {
			log := newRecorder()
			res, err := e.Run(patient(t), script(t, runID, items...), log)
			if err != nil {
				t.Fatal(err)
			}
			if res.ExitCode != wantCode {
				t.Errorf("exit code %d, want %d", res.ExitCode, wantCode)
			}
			if log.stdout() != wantOut || log.stderr() != wantErr {
				t.Errorf("got %q and %q, want %q and %q", log.stdout(), log.stderr(), wantOut, wantErr)
			}
			if res.StartedAt.IsZero() || res.FinishedAt.Before(res.StartedAt) || res.OOMKilled {
				t.Errorf("result %+v", res)
			}
		})
	}
	f("ok", 0, "$ echo hello\nhello\n", "", "echo hello")
	f("failure", 3, "$ exit 3\n", "", "exit 3")
	f("stops at the first failure", 1, "$ false\n", "", "false", "echo never")
	f("not a shell's fault", 127, "$ nonesuch\n", "/bin/sh: nonesuch: not found\n", "nonesuch")
	f("both streams in order", 0, "$ for i in 1 2 3; do echo o$i; echo e$i >&2; done\no1\no2\no3\n", "e1\ne2\ne3\n",
		"for i in 1 2 3; do echo o$i; echo e$i >&2; done")
	f("last line without end", 0, "$ printf 'a\\r\\nb'\na\nb", "", `printf 'a\r\nb'`)
	f("directory", 0, "$ pwd\n"+pipeline.WorkspacePath+"\n", "", "pwd")
}

func TestRunMasksSecretsAndSetsTheEnvironment(t *testing.T) {
	e := newExecutor(t)
	runID := newRun(t, e, nil)
	step := script(t, runID, `echo "$A and $TOKEN" | tee /dev/stderr`, `printf hun; sleep 0.2; echo ter2`, "echo hunter2")
	step.Env = map[string]string{"A": "two words; $(x)", "TOKEN": "hunter2"}
	step.Secrets = []string{"hunter2"}
	log := newRecorder()
	if _, err := e.Run(patient(t), step, log); err != nil {
		t.Fatal(err)
	}
	if got, want := plain(log.stdout()), "two words; $(x) and ***\n***\n***\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := log.stderr(), "two words; $(x) and ***\n"; got != want {
		t.Errorf("stderr %q, want %q", got, want)
	}
	if strings.Contains(log.stdout(), "hunter2") {
		t.Error("the echo of the script shows the secret")
	}
}

func TestRunShowsLinesWhileTheContainerRuns(t *testing.T) {
	e := newExecutor(t)
	runID := newRun(t, e, nil)
	ctx, log, done := patient(t), newRecorder(), make(chan error, 1)
	waiting := script(t, runID, "echo ready", "until [ -e go ]; do sleep 0.1; done", "echo finished")
	go func() {
		_, err := e.Run(ctx, waiting, log)
		done <- err
	}()
	log.await(t, "ready")
	select {
	case err := <-done:
		t.Fatalf("ended before it was let go: %v", err)
	default:
	}
	if _, err := e.Run(ctx, script(t, runID, "touch go"), newRecorder()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil || !strings.HasSuffix(log.stdout(), "finished\n") {
		t.Errorf("%v, %q", err, log.stdout())
	}
}

func TestStepsShareWorkspaceAndNetwork(t *testing.T) {
	e := newExecutor(t)
	runID := newRun(t, e, map[string]string{"src/hello.txt": "from the repository\n", "run.sh": "#!/bin/sh\necho ran $1\n"})
	ctx := patient(t)
	run := func(step pipeline.StepSpec) string {
		log := newRecorder()
		res, err := e.Run(ctx, step, log)
		if err != nil || res.ExitCode != 0 {
			t.Errorf("%s: %v, %+v, %q", step.Name, err, res, log.stderr())
		}
		return plain(log.stdout())
	}
	if got := run(script(t, runID, "cat src/hello.txt", "./run.sh well", "mkdir -p out && echo made >out/a")); got != "from the repository\nran well\n" {
		t.Errorf("first step: %q", got)
	}
	if got := run(script(t, runID, "cat out/a")); got != "made\n" {
		t.Errorf("second step: %q", got)
	}
	server := script(t, runID, "nc -l -p 8000 <out/a")
	client := script(t, runID, "until nc the-server 8000 </dev/null 2>/dev/null; do sleep 0.1; done")
	server.Name, client.Name = "The Server", "client"
	var wg sync.WaitGroup
	wg.Go(func() { run(server) })
	wg.Go(func() {
		if got := run(client); got != "made\n" {
			t.Errorf("over the network: %q", got)
		}
	})
	wg.Wait()
}

func TestRunAsTheImagesUser(t *testing.T) {
	e := newExecutor(t)
	image := changedImage(t, "USER 65534")
	runID := newRun(t, e, map[string]string{"dir/": "", "dir/file": "x"})
	step := script(t, runID, "id -u", "echo y >>dir/file; echo y >dir/new; echo y >new; cat dir/file dir/new new")
	step.Image = image
	log := newRecorder()
	res, err := e.Run(patient(t), step, log)
	if got := plain(log.stdout()); err != nil || res.ExitCode != 0 || got != "65534\nxy\ny\ny\n" {
		t.Errorf("%v, %+v, %q %q", err, res, got, log.stderr())
	}
}

func TestContainersHaveNoHostPowers(t *testing.T) {
	e := newExecutor(t, func(c *Config) { c.Memory, c.CPUs, c.MaxPids = 64<<20, 1, 100 })
	runID := newRun(t, e, nil)
	step := script(t, runID, "grep -E 'CapBnd|NoNewPrivs' /proc/self/status", "ls /dev/mem /var/run/docker.sock 2>&1 | wc -l",
		"mknod x b 8 0 2>/dev/null || echo no device", "cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/memory.max")
	log := newRecorder()
	if _, err := e.Run(patient(t), step, log); err != nil {
		t.Fatal(err)
	}
	want := "CapBnd:\t00000000800404fb\nNoNewPrivs:\t1\n2\nno device\n100\n67108864\n"
	if got := plain(log.stdout()); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	c, err := e.api.ContainerInspect(patient(t), containerName(step))
	if err != nil {
		t.Fatal(err)
	}
	if h := c.HostConfig; h.Privileged || len(h.Binds) > 0 || h.PidMode != "" || h.NetworkMode == "host" || len(h.Devices) > 0 {
		t.Errorf("host config %+v", h)
	}
}

func TestRunReportsOutOfMemory(t *testing.T) {
	e := newExecutor(t, func(c *Config) { c.Memory = 16 << 20 })
	runID := newRun(t, e, nil)
	res, err := e.Run(patient(t), script(t, runID, "x=aaaaaaaaaaaaaaaa; while true; do x=$x$x; done"), newRecorder())
	if err != nil || !res.OOMKilled || res.ExitCode == 0 {
		t.Errorf("%v, %+v", err, res)
	}
}

func TestCancelLetsTheScriptCleanUp(t *testing.T) {
	e := newExecutor(t)
	runID := newRun(t, e, nil)
	ctx, cancel := context.WithCancel(patient(t))
	log := newRecorder()
	go func() {
		log.await(t, "ready")
		cancel()
	}()
	step := script(t, runID, `sh -c 'trap "sleep 0.5; echo cleaned up; exit 0" TERM; echo ready; while true; do sleep 0.1; done'`, "echo never")
	if _, err := e.Run(ctx, step, log); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got := plain(log.stdout()); got != "ready\ncleaned up\n" {
		t.Errorf("got %q", got)
	}
	if left := remains(t, e, runID); len(left.containers) != 1 {
		t.Errorf("the step's container is still there: %+v", left.containers)
	}
}

func TestCancelKillsWhatDoesNotListen(t *testing.T) {
	e := newExecutor(t, func(c *Config) { c.StopWait = time.Second })
	runID := newRun(t, e, nil)
	ctx, cancel := context.WithCancel(patient(t))
	log := newRecorder()
	go func() {
		log.await(t, "ready")
		cancel()
	}()
	step := script(t, runID, `trap '' TERM; echo ready; while true; do sleep 0.1; done`)
	if _, err := e.Run(ctx, step, log); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if left := remains(t, e, runID); len(left.containers) != 1 {
		t.Errorf("the step's container is still there: %+v", left.containers)
	}
}

func TestDeadlineEndsTheStep(t *testing.T) {
	e := newExecutor(t)
	runID := newRun(t, e, nil)
	ctx, cancel := context.WithTimeout(patient(t), time.Second)
	defer cancel()
	if _, err := e.Run(ctx, script(t, runID, "while true; do sleep 0.1; done"), newRecorder()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestRunEndsWhenTheLogFails(t *testing.T) {
	e := newExecutor(t)
	runID := newRun(t, e, nil)
	log := newRecorder()
	log.fail = errors.New("log disk full")
	_, err := e.Run(patient(t), script(t, runID, "while true; do echo x; sleep 0.1; done"), log)
	if !errors.Is(err, log.fail) {
		t.Errorf("got %v", err)
	}
	if left := remains(t, e, runID); len(left.containers) != 1 {
		t.Errorf("the step's container is still there: %+v", left.containers)
	}
}

func TestImageWithoutShell(t *testing.T) {
	e := newExecutor(t)
	image := importImage(t, map[string]string{"etc/nothing": "x"})
	runID := newRun(t, e, nil)
	step := script(t, runID, "echo hello")
	step.Image = image
	_, err := e.Run(patient(t), step, newRecorder())
	if code, message := errs.Public(err); code != "step_no_shell" || !strings.Contains(message, step.Image) {
		t.Errorf("got %v", err)
	}
}

func TestConcurrentRunsDoNotMix(t *testing.T) {
	e := newExecutor(t)
	var wg sync.WaitGroup
	for _, name := range []string{"one", "two", "three"} {
		runID := newRun(t, e, map[string]string{"who": name})
		for range 2 {
			step := script(t, runID, "cat who")
			wg.Go(func() {
				log := newRecorder()
				if _, err := e.Run(patient(t), step, log); err != nil || plain(log.stdout()) != name {
					t.Errorf("%s: %v, %q", name, err, log.stdout())
				}
			})
		}
	}
	wg.Wait()
}

func TestMuchOutputArrivesWhole(t *testing.T) {
	e := newExecutor(t)
	runID := newRun(t, e, nil)
	log := newRecorder()
	step := script(t, runID, "seq 1 200000", "head -c 200000 /dev/zero | tr '\\0' x")
	if _, err := e.Run(patient(t), step, log); err != nil {
		t.Fatal(err)
	}
	got := plain(log.stdout())
	if n := strings.Count(got, "\n"); n != 200000+3 || !strings.Contains(got, "\n200000\n") || strings.Count(got, "x") != 200000 {
		t.Errorf("%d lines, %d bytes", n, len(got))
	}
}

// TestGoToolchainImageCompiles compiles what imports nothing, for the image comes with
// nothing compiled. That it tests, too, the sample project shows end to end.
func TestGoToolchainImageCompiles(t *testing.T) {
	e := newExecutor(t)
	runID := newRun(t, e, map[string]string{
		"go.mod":  "module hello\n\ngo 1.26\n",
		"main.go": "package main\n\nfunc main() { println(\"compiled\") }\n",
	})
	step := script(t, runID, "go build -o hello .", "./hello 2>&1")
	step.Image = testimage.Go(t)
	log := newRecorder()
	res, err := e.Run(patient(t), step, log)
	if err != nil || res.ExitCode != 0 || plain(log.stdout()) != "compiled\n" {
		t.Errorf("%v, %+v, %q, %q", err, res, log.stdout(), log.stderr())
	}
}
