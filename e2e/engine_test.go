package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
)

// onEngine lists what the engine has under a label, as what it is and its name.
func onEngine(t *testing.T, engine *client.Client, label string) [][2]string {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	labelled := filters.NewArgs(filters.Arg("label", label))
	var found [][2]string
	containers, err := engine.ContainerList(ctx, container.ListOptions{All: true, Filters: labelled})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range containers {
		found = append(found, [2]string{"container", c.ID})
	}
	networks, err := engine.NetworkList(ctx, network.ListOptions{Filters: labelled})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range networks {
		found = append(found, [2]string{"network", n.ID})
	}
	volumes, err := engine.VolumeList(ctx, volume.ListOptions{Filters: labelled})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range volumes.Volumes {
		found = append(found, [2]string{"volume", v.Name})
	}
	return found
}

// nothingLeft wants the engine to be rid of everything under a label. Removal goes
// on behind a run's end.
func nothingLeft(t *testing.T, engine *client.Client, label string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		left := onEngine(t, engine, label)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("left behind under %s: %v", label, left)
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// sweepAfter ends this Croft when the test ends and removes whatever a run that
// was still going has on the engine.
func sweepAfter(t *testing.T, engine *client.Client, c *Croft) {
	t.Cleanup(func() {
		c.Kill()
		instance, err := os.ReadFile(filepath.Join(c.State, "instance"))
		if err != nil {
			return // it never came that far
		}
		ctx := context.WithoutCancel(t.Context())
		for _, thing := range onEngine(t, engine, "croft.instance="+strings.TrimSpace(string(instance))) {
			switch thing[0] {
			case "container":
				err = engine.ContainerRemove(ctx, thing[1], container.RemoveOptions{Force: true})
			case "network":
				err = engine.NetworkRemove(ctx, thing[1])
			case "volume":
				err = engine.VolumeRemove(ctx, thing[1], true)
			}
			if err != nil {
				t.Errorf("remove %v: %v", thing, err)
			}
		}
	})
}
