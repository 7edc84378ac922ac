//go:build unix

package pipeline_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"croft/internal/errs"
	"croft/pipeline"
)

// follow reads lines to the end and returns texts and the offsets after them.
func follow(t *testing.T, r *room, runID, stepID string, offset int64) (texts []string, ends []int64) {
	log, err := r.OpenLog(t.Context(), runID, stepID, offset, true)
	if err != nil {
		t.Error(err)
		return nil, nil
	}
	defer log.Close()
	for {
		line, err := log.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return texts, ends
		}
		if err != nil {
			t.Errorf("offset %d: %v", offset, err)
			return texts, ends
		}
		texts, ends = append(texts, line.Text), append(ends, line.End)
	}
}

// TestLogResumes follows a log while it grows, then resumes from every offset,
// when the log is a local file and when it is an object.
func TestLogResumes(t *testing.T) {
	w := newWorld(t)
	w.blobs.refusePuts(errs.New(errs.Unavailable, "write_quorum", "Too few drives."))
	w.source.pipe("stages:\n- name: wait\n  steps:\n  - {name: zero, image: i, script: 'true'}\n- name: a\n  steps:\n  - {name: one, image: i, script: 'for i in $(seq 200); do echo \"line $i ä\"; done'}\n")
	r := w.start()
	run := r.await(r.trigger(r.add().ID, pipeline.TriggerRequest{}).ID, func(run pipeline.Run) bool { return len(run.Stages) > 0 })
	step := run.Stages[1].Steps[0].ID
	var wg sync.WaitGroup
	var mu sync.Mutex
	var seen []string
	for range 4 { // some begin while the step is pending, some later
		wg.Go(func() {
			texts, _ := follow(t, r, run.ID, step, 0)
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, strings.Join(texts, "\n"))
		})
	}
	wg.Wait()
	want := make([]string, 200)
	for i := range want {
		want[i] = fmt.Sprintf("line %d ä", i+1)
	}
	for _, got := range seen {
		if got != strings.Join(want, "\n") {
			t.Fatalf("followed %d bytes, want %d", len(got), len(strings.Join(want, "\n")))
		}
	}
	if run := r.final(run.ID); run.State != pipeline.RunSuccess {
		t.Fatalf("%s %q", show(run), run.Error)
	}
	resume := func(where string) {
		t.Helper()
		_, ends := follow(t, r, run.ID, step, 0)
		for i, end := range append([]int64{0}, ends...) {
			texts, _ := follow(t, r, run.ID, step, end)
			if got := strings.Join(texts, "\n"); got != strings.Join(want[i:], "\n") {
				t.Fatalf("%s: from offset %d: %q", where, end, got)
			}
		}
		for _, offset := range []int64{1, ends[3] - 1, ends[3] + 1} {
			log, err := r.OpenLog(t.Context(), run.ID, step, offset, true)
			if err == nil {
				_, err = log.Next(t.Context())
				log.Close()
			}
			if code, _ := errs.Public(err); code != "log_offset_invalid" {
				t.Errorf("%s: inside a line: %v", where, err)
			}
		}
	}
	resume("local")
	if !exists(w.state + "/logs/" + run.ID) {
		t.Fatal("the local log went although the store refused it")
	}
	w.blobs.refusePuts(nil)
	w.blobs.await(t, func(objects map[string][]byte) bool {
		_, ok := objects[pipeline.LogBucket+"/logs/"+run.ID+"/"+step+".log"]
		return ok
	})
	r.close()
	if exists(w.state + "/logs/" + run.ID) {
		t.Error("the local log is still there")
	}
	r = w.start()
	resume("object")
}

// TestLogsOfARefusingStoreSurviveARestart keeps them local until it takes them.
func TestLogsOfARefusingStoreSurviveARestart(t *testing.T) {
	w := newWorld(t)
	w.blobs.refusePuts(errs.New(errs.Unavailable, "write_quorum", "Too few drives."))
	w.source.pipe("stages:\n- name: a\n  steps:\n  - {name: one, image: i, script: echo kept}\n")
	r := w.start()
	run := r.final(r.trigger(r.add().ID, pipeline.TriggerRequest{}).ID)
	r.crash()
	r = w.start()
	step := run.Stages[0].Steps[0].ID
	if got := r.log(run.ID, step); got != "kept" {
		t.Errorf("local log is %q", got)
	}
	w.blobs.refusePuts(nil)
	r.close()
	r = w.start()
	if got := r.log(run.ID, step); got != "kept" || exists(w.state+"/logs/"+run.ID) {
		t.Errorf("stored log is %q", got)
	}
}

func TestLogOfNothing(t *testing.T) {
	w := newWorld(t)
	w.source.pipe("stages:\n- name: a\n  steps:\n  - {name: bad, image: i, script: exit 1}\n- name: b\n  steps:\n  - {name: skipped, image: i, script: 'true'}\n")
	r := w.start()
	run := r.final(r.trigger(r.add().ID, pipeline.TriggerRequest{}).ID)
	if got := r.log(run.ID, run.Stages[1].Steps[0].ID); got != "" {
		t.Errorf("a skipped step says %q", got)
	}
	if got := r.log(run.ID, run.Stages[0].Steps[0].ID); got != "Croft: The script ended with exit code 1." {
		t.Errorf("the failed step says %q", got)
	}
	for _, ids := range [][2]string{{run.ID, "none"}, {"none", run.Stages[0].Steps[0].ID}} {
		if _, err := r.OpenLog(t.Context(), ids[0], ids[1], 0, true); errs.KindOf(err) != errs.NotFound {
			t.Errorf("%v: %v", ids, err)
		}
	}
}

// TestLogWithoutFollowing ends with what is there while the step still runs.
func TestLogWithoutFollowing(t *testing.T) {
	w := newWorld(t)
	w.source.pipe(longStep)
	r := w.start()
	run := r.going(r.trigger(r.add().ID, pipeline.TriggerRequest{}))
	for step, want := range map[string]string{run.Stages[0].Steps[1].ID: "before", run.Stages[1].Steps[0].ID: ""} {
		log, err := r.OpenLog(t.Context(), run.ID, step, 0, false)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for {
			line, err := log.Next(t.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, line.Text)
		}
		log.Close()
		if strings.Join(got, "|") != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestLogIsBounded(t *testing.T) {
	w := newWorld(t)
	w.cfg.MaxLogBytes = 2000
	w.source.pipe("stages:\n- name: a\n  steps:\n  - {name: one, image: i, script: 'seq 1000'}\n")
	r := w.start()
	run := r.final(r.trigger(r.add().ID, pipeline.TriggerRequest{}).ID)
	got := r.log(run.ID, run.Stages[0].Steps[0].ID)
	if run.State != pipeline.RunSuccess || len(got) > 2000 || !strings.HasSuffix(got, "the rest was dropped.") {
		t.Errorf("%s, log %q", run.State, got)
	}
}
