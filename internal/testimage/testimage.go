// Package testimage makes the images that tests run containers of, from what the
// machine itself has: a static busybox and a Go toolchain. Nothing is pulled.
//
// An image is built once a machine: its name carries a hash of its ingredients.
// Every image carries the label croft.test=1, by which [Remove] finds it.
//
// A test that asks for an image is skipped, with the reason, where there is
// no Docker engine or no busybox, and fails there under CI=true.
package testimage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
)

// Label is on every image made for tests.
const Label = "croft.test=1"

// building lets one test of a process build while the others wait for the result.
var building sync.Mutex

// Busybox returns the name of an image with a static busybox: /bin/sh and the usual tools.
func Busybox(tb testing.TB) string { return ensure(tb, busyboxRecipe) }

// Go returns the name of an image with the Go toolchain of this machine in
// /usr/local/go besides busybox. It compiles and tests offline, without cgo.
func Go(tb testing.TB) string { return ensure(tb, goRecipe) }

// Engine returns a client of the Docker engine, or ends the test when none answers.
func Engine(tb testing.TB) *client.Client {
	tb.Helper()
	api, err := Dial()
	if err == nil {
		tb.Cleanup(func() { _ = api.Close() })
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_, err = api.Ping(ctx)
	}
	if err != nil {
		Missing(tb, fmt.Sprintf("no Docker engine (Debian: apt install docker.io): %v", err))
	}
	return api
}

// Missing skips the test aloud for want of something, or fails it under CI=true.
func Missing(tb testing.TB, what string) {
	tb.Helper()
	if os.Getenv("CI") == "true" {
		tb.Fatalf("CI=true and %s", what)
	}
	tb.Skipf("skipped: %s", what)
}

// Dial makes a client of the engine that DOCKER_HOST names, with negotiated version.
func Dial() (*client.Client, error) {
	return client.NewClientWithOpts(client.WithTLSClientConfigFromEnv(), client.WithHostFromEnv(), client.WithAPIVersionNegotiation())
}

// Remove removes every image that was made for tests.
func Remove(ctx context.Context, api *client.Client) error {
	list, err := api.ImageList(ctx, image.ListOptions{Filters: filters.NewArgs(filters.Arg("label", Label))})
	if err != nil {
		return err
	}
	var failed []error
	for _, i := range list {
		_, err := api.ImageRemove(ctx, i.ID, image.RemoveOptions{Force: true, PruneChildren: true})
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

func ensure(tb testing.TB, find func() (recipe, error)) string {
	tb.Helper()
	api := Engine(tb)
	building.Lock()
	defer building.Unlock()
	r, err := find()
	if errors.Is(err, errIngredient) {
		Missing(tb, err.Error())
	}
	if err != nil {
		tb.Fatal(err)
	}
	name := "croft-test/" + r.name + ":" + r.hash
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	if err := r.build(ctx, api, name, Label); err != nil {
		tb.Fatalf("build the image %s: %v", name, err)
	}
	return name
}
