package app

import (
	"context"
	"os/exec"
	"runtime"
)

// openBrowser shows url on the person's screen, where there is one.
func openBrowser(ctx context.Context, url string) error {
	switch runtime.GOOS {
	case "windows":
		return exec.CommandContext(ctx, "rundll32", "url.dll,FileProtocolHandler", url).Start()
	case "darwin":
		return exec.CommandContext(ctx, "open", url).Start()
	default:
		return exec.CommandContext(ctx, "xdg-open", url).Start()
	}
}
