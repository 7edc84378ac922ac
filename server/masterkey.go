package server

import (
	"context"
	"net/http"
	"time"

	"croft/account"
	"croft/objectstore"
)

// MasterKeys are what the keys of encrypted objects are sealed under.
type MasterKeys interface {
	// State says where they come from. It makes none.
	State(ctx context.Context) (MasterKeyState, error)
	// Renew makes a new one, under which all is sealed from then on, and returns its ID.
	Renew(ctx context.Context) (id string, err error)
}

// MasterKeyState is where master keys come from. It holds no key.
type MasterKeyState struct {
	Source  string `json:"source" enum:"file,environment,command"`
	File    string `json:"file" doc:"Where keys are kept that Croft makes; with a key command they are encrypted there"`
	Keys    int    `json:"keys" doc:"How many there are, older ones included; 0 while none was needed"`
	Current string `json:"current" doc:"The ID of the one that new seals are made under; empty while there is none"`
	OnDrive string `json:"onDrive" doc:"The drive of the store that the file is on, or will be: parity does not cover it. Empty when it is elsewhere"`
}

// EncryptionState is where the master key comes from and how far sealing anew is.
type EncryptionState struct {
	Key    MasterKeyState `json:"key"`
	Reseal *Reseal        `json:"reseal,omitempty" doc:"Absent where the store cannot do it"`
}

// Reseal is how far sealing all keys under the newest master key is, or how it ended.
type Reseal struct {
	Running    bool       `json:"running"`
	StartedAt  *time.Time `json:"startedAt,omitempty"`
	FinishedAt *time.Time `json:"finishedAt,omitempty"`
	Checked    int64      `json:"checked" doc:"Versions that were looked at"`
	Total      int64      `json:"total" doc:"About how many there are"`
	Resealed   int64      `json:"resealed"`
	Failed     int64      `json:"failed" doc:"Keys that could not be sealed anew and are as they were"`
	Problem    string     `json:"problem" doc:"Why it ended early or the first of those failed; empty when nothing did"`
}

func (s *Server) masterKeyRoutes() {
	admin := Need(account.InstanceAdmin, instanceScope)
	route(s, op("get-encryption", http.MethodGet, "/encryption", "Where the master key comes from", "operations"), admin, s.encryption)
	route(s, op("renew-master-key", http.MethodPost, "/encryption/key", "Make a new master key for all that is sealed from now on", "operations"), admin, s.renewMasterKey)
	route(s, op("start-reseal", http.MethodPost, "/encryption/reseal", "Seal all keys under the newest master key", "operations"), admin, s.startReseal)
}

func (s *Server) encryption(ctx context.Context, _ *struct{}) (*body[EncryptionState], error) {
	if s.deps.MasterKeys == nil {
		return nil, objectstore.ErrEncryptionUnavailable
	}
	key, err := s.deps.MasterKeys.State(ctx)
	if err != nil {
		return nil, err
	}
	out := EncryptionState{Key: key}
	if r, ok := s.deps.Store.(objectstore.Resealer); ok {
		p, err := r.ResealProgress(ctx)
		if err != nil {
			return nil, err
		}
		out.Reseal = &Reseal{
			Running: p.Running, StartedAt: known(p.StartedAt), FinishedAt: known(p.FinishedAt), Checked: p.Checked, Total: p.Total,
			Resealed: p.Resealed, Failed: p.Failed, Problem: p.Problem,
		}
	}
	return &body[EncryptionState]{out}, nil
}

func (s *Server) renewMasterKey(ctx context.Context, in *struct{}) (*body[EncryptionState], error) {
	if s.deps.MasterKeys == nil {
		return nil, objectstore.ErrEncryptionUnavailable
	}
	id, err := s.deps.MasterKeys.Renew(ctx)
	if err != nil {
		return nil, err
	}
	auditing(ctx).Detail = "key " + id
	return s.encryption(ctx, in)
}

func (s *Server) startReseal(ctx context.Context, in *struct{}) (*body[EncryptionState], error) {
	r, ok := s.deps.Store.(objectstore.Resealer)
	if !ok || s.deps.MasterKeys == nil {
		return nil, objectstore.ErrEncryptionUnavailable
	}
	if err := r.StartReseal(ctx); err != nil {
		return nil, err
	}
	return s.encryption(ctx, in)
}
