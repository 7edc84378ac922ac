package server

import "context"

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
	OnDrive string `json:"onDrive" doc:"The drive that the file lies on, where that is one of the store's own; parity does not cover it"`
}
