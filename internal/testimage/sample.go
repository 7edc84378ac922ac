package testimage

import (
	"context"
	"errors"
	"fmt"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
)

// Sample builds an image for a user's own trials, "busybox" or "go", and returns its
// name, croft-sample/<kind>:latest. One made of the same ingredients is kept, older ones are removed.
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
	built, name := "croft-sample/"+kind+":"+r.hash, "croft-sample/"+kind+":latest"
	if err := r.build(ctx, api, built, "croft.sample=1"); err != nil {
		return "", err
	}
	if err := api.ImageTag(ctx, built, name); err != nil {
		return "", err
	}
	list, err := api.ImageList(ctx, image.ListOptions{Filters: filters.NewArgs(filters.Arg("reference", "croft-sample/"+kind))})
	for _, i := range list {
		for _, tag := range i.RepoTags {
			if tag != built && tag != name {
				_, old := api.ImageRemove(ctx, tag, image.RemoveOptions{})
				err = errors.Join(err, old)
			}
		}
	}
	return name, err
}
