package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"croft/internal/errs"
	"croft/internal/store"
	"croft/migrations"
	"croft/objectstore"
	"croft/objectstore/remote"
)

// StoreConfig says where the objects are when they are not on drives. Each key is
// given itself or as the name of a file that holds it.
type StoreConfig struct {
	URL           string // empty: on drives
	AccessKey     string
	AccessKeyFile string
	SecretKey     string
	SecretKeyFile string
}

// openElsewhere opens the state folder and the S3 cluster that keeps the objects.
func (a *App) openElsewhere(ctx context.Context) error {
	location, err := remote.ParseLocation(a.config.Store.URL)
	if err != nil {
		return err
	}
	if err := a.config.Store.complete(&location); err != nil {
		return err
	}
	if a.state, err = openState(a.config.StateDir); err != nil {
		return err
	}
	// Before anything changes here or in the cluster: the state may be a newer Croft's.
	if err := store.CheckSchema(a.state.path, migrations.Files); err != nil {
		return err
	}
	spool, err := a.freshSpool()
	if err != nil {
		return err
	}
	cluster, err := remote.Open(ctx, remote.Config{Target: location.Target, Prefix: location.Prefix, Temp: spool, Logger: a.log})
	if err != nil {
		return err
	}
	a.store = cluster
	return a.state.belongsTo(cluster.Deployment())
}

// freshSpool makes the folder for bodies on their way and empties it of what a
// killed process left there.
func (a *App) freshSpool() (string, error) {
	if err := os.RemoveAll(filepath.Join(a.state.path, "spool")); err != nil {
		return "", fmt.Errorf("empty the spool: %w", err)
	}
	return a.state.sub("spool")
}

// complete adds what stands in the environment and in files.
func (c StoreConfig) complete(l *remote.Location) (err error) {
	return c.completeTarget("CROFT_STORE", "--store", &l.Target, l.AuthoritiesFile)
}

// completeTarget adds a target's keys, from variables that begin with a prefix, and what
// stands in a file of authorities.
func (c StoreConfig) completeTarget(variables, wanted string, t *remote.Target, authorities string) (err error) {
	if t.AccessKey, err = secret(variables+"_ACCESS_KEY", wanted, c.AccessKey, c.AccessKeyFile); err != nil {
		return err
	}
	key, err := secret(variables+"_SECRET_KEY", wanted, c.SecretKey, c.SecretKeyFile)
	if err != nil {
		return err
	}
	t.SecretKey = remote.Secret(key)
	if authorities != "" {
		t.Authorities, err = textOf(authorities)
	}
	return err
}

// secret is a value, or what stands in a file. wanted is what needs it.
func secret(name, wanted, value, file string) (string, error) {
	switch {
	case value != "" && file != "":
		return "", errs.Newf(errs.Invalid, "store_keys", "%s and %s_FILE are both set. Keep one.", name, name)
	case value != "":
		return value, nil
	case file == "":
		return "", errs.Newf(errs.Invalid, "store_keys", "%s is not set. %s needs it, or %s_FILE with the name of a file that holds it.", name, wanted, name)
	}
	text, err := textOf(file)
	if text = strings.TrimSpace(text); err == nil && text == "" {
		err = errs.Newf(errs.Invalid, "store_keys", "The file %s, which %s_FILE names, is empty.", file, name)
	}
	return text, err
}

func textOf(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", errs.Wrap(err, errs.Invalid, "file_unreadable", "The file "+file+" cannot be read")
	}
	return string(text), nil
}

// drivesOf and targetOf are the store as what reports on it; nil where it is not that.
func drivesOf(store keeper) objectstore.DriveReporter {
	drives, _ := store.(objectstore.DriveReporter)
	return drives
}

func targetOf(store keeper) objectstore.TargetReporter {
	target, _ := store.(objectstore.TargetReporter)
	return target
}
