package testimage

import (
	"context"
	"fmt"

	"github.com/docker/docker/api/types/image"
)

// Sample builds an image for a user's own trials, "busybox" or "go", and returns its
// name, croft-sample/<kind>:latest. An older one of that name is replaced.
func Sample(ctx context.Context, kind string) (string, error) {
	find, ok := map[string]func() (recipe, error){"busybox": busyboxRecipe, "go": goRecipe}[kind]
	if !ok {
		return "", fmt.Errorf("there is no sample image %q, only busybox and go", kind)
	}
	r, err := find()
	if err != nil {
		return "", err
	}
	api, err := Dial()
	if err != nil {
		return "", err
	}
	defer func() { _ = api.Close() }()
	built := "croft-sample/" + kind + ":" + r.hash
	if err := r.build(ctx, api, built, "croft.sample=1"); err != nil {
		return "", err
	}
	name := "croft-sample/" + kind + ":latest"
	if err := api.ImageTag(ctx, built, name); err != nil {
		return "", err
	}
	_, err = api.ImageRemove(ctx, built, image.RemoveOptions{})
	return name, err
}
