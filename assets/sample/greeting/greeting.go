// Package greeting makes greetings.
package greeting

import "strings"

// For greets name, or the world when there is none.
func For(name string) string {
	name = strings.TrimSpace(name)
	if name == "" {
		name = "world"
	}
	return "Hello, " + name + "!"
}
