// Package e2e drives the real croft program from outside: its command line, its
// ports, its pages. Nothing here reaches into a room; what these tests see, a
// user sees.
//
// The library files start things and talk to them: croft.go the program, git.go
// a forge on loopback, browser.go Chromium, api.go the console API, need.go what
// the machine must have. The tests are journey_test.go (one job through every
// room), badinput_test.go and crash_test.go.
package e2e
