// Package app is the composition root: it opens drives and state, joins the
// rooms with adapters of a few lines each, starts everything that runs under one
// group, and stops it in order. It holds no rules of its own; when an adapter
// grows one, that rule belongs into a room.
package app
