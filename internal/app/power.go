package app

import (
	"context"
	"os"
	"sync"

	"croft/internal/errs"
	"croft/objectstore/adminapi"
)

// Restarted is set in the environment of a process that took the place of another: what
// greets a person at a start does not greet again.
const Restarted = "CROFT_RESTARTED"

// power ends this process because somebody with the right to asked for it.
type power struct {
	mu      sync.Mutex // guards the following 3 fields
	stop    context.CancelFunc
	asked   bool
	restart bool
}

var _ adminapi.Power = (*power)(nil)

// until is a context that ends with ctx, and when the power is turned off.
func (p *power) until(ctx context.Context) context.Context {
	ctx, stop := context.WithCancel(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stop = stop; p.asked {
		stop()
	}
	return ctx
}

func (p *power) off(restart bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.asked {
		p.asked, p.restart = true, restart
	}
	if p.stop != nil {
		p.stop()
	}
}

// CanRestart implements adminapi.Power: where the program was replaced by one that is
// none, it is better to go on with this one.
func (p *power) CanRestart() error {
	if !canReplace {
		return errNoRestart
	}
	path, err := os.Executable()
	if err != nil {
		return errs.Wrap(err, errs.Unavailable, "restart_unavailable", "Croft does not know where its program is. Restart its service instead.")
	}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return errs.Newf(errs.Unavailable, "restart_unavailable", "There is no program at %s that could be started. Put it back and try again.", path)
	}
	return nil
}

// Restart implements adminapi.Power.
func (p *power) Restart() { p.off(true) }

// Stop implements adminapi.Power.
func (p *power) Stop() { p.off(false) }

// RestartAsked reports whether Run ended so that Croft begins anew: see Replace.
func (a *App) RestartAsked() bool {
	a.power.mu.Lock()
	defer a.power.mu.Unlock()
	return a.power.restart
}
