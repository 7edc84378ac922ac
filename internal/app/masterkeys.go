package app

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"croft/objectstore"
	"croft/objectstore/erasure"
	"croft/objectstore/masterkey"
	"croft/server"
)

// masterKeys gives the engine the keys of the state folder, which is known only
// after the drives are open: it may be on one.
type masterKeys struct {
	ring atomic.Pointer[masterkey.Ring]
}

var _ erasure.Keys = (*masterKeys)(nil)

// Seal implements erasure.Keys.
func (k *masterKeys) Seal(ctx context.Context, name string, plain []byte) (string, []byte, error) {
	if ring := k.ring.Load(); ring != nil {
		return ring.Seal(ctx, name, plain)
	}
	return "", nil, objectstore.ErrEncryptionUnavailable
}

// Open implements erasure.Keys.
func (k *masterKeys) Open(ctx context.Context, keyID, name string, sealed []byte) ([]byte, error) {
	if ring := k.ring.Load(); ring != nil {
		return ring.Open(ctx, keyID, name, sealed)
	}
	return nil, objectstore.ErrEncryptionUnavailable
}

// keyDesk shows the console where master keys come from, and makes new ones.
type keyDesk struct {
	*masterkey.Ring
	drives []string // of the store
}

var _ server.MasterKeys = keyDesk{}

// keyDesk is nil where Croft encrypts no objects, because it keeps none.
func (a *App) keyDesk() server.MasterKeys {
	if a.drives == nil {
		return nil
	}
	return keyDesk{a.keys.ring.Load(), slices.Concat(a.config.Pools...)}
}

// State implements server.MasterKeys.
func (k keyDesk) State(context.Context) (server.MasterKeyState, error) {
	st, err := k.Ring.State()
	if err != nil {
		return server.MasterKeyState{}, err
	}
	out := server.MasterKeyState{Source: "file", File: st.File, Keys: st.Keys, Current: st.Current}
	if path, err := filepath.Abs(st.File); err == nil {
		out.File = path
	}
	switch {
	case st.Given:
		out.Source = "environment"
	case st.Command:
		out.Source = "command"
	}
	if !st.Given {
		out.OnDrive = driveOf(st.File, k.drives)
	}
	return out, nil
}

// driveOf is the drive that a file is on, empty when it is on none of them.
func driveOf(file string, drives []string) string {
	path, err := filepath.Abs(file)
	if err != nil {
		return ""
	}
	for _, drive := range drives {
		root, err := filepath.Abs(drive)
		if err != nil {
			continue
		}
		if rel, err := filepath.Rel(root, path); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			return drive
		}
	}
	return ""
}
