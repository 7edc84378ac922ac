// Package masterkey keeps the keys under which the object store seals the keys of
// its encrypted objects. There may be several: new seals are made under one, and
// every other goes on opening what it sealed.
//
// Keys come from the environment, or are made when first needed and kept in a file
// that only its owner may read; with a key command the file holds them encrypted by
// that command, such as a client of a key management service. A key's ID is made
// from the key, so that a wrong one is never taken for the one that is missing.
//
// Whoever loses a master key loses what was encrypted under it. The package never
// removes one, and uses a new one only after it is durably written down.
package masterkey
