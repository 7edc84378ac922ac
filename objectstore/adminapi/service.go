package adminapi

import "net/http"

type serviceJSON struct {
	Action  string            `json:"action"`
	DryRun  bool              `json:"dryRun"`
	Results []serviceHostJSON `json:"results"`
}

type serviceHostJSON struct {
	Host string `json:"host"`
}

// service restarts or stops this Croft. The answer is sent before anything ends.
func (h *Handler) service(q *request) error {
	action, dry := q.query.Get("action"), q.query.Get("dry-run") == "true"
	q.event.Target = action
	if dry {
		q.event.Detail = "dry run"
	}
	act := h.config.Power.Stop
	switch action {
	case "stop":
		if err := h.config.Gate.Allow(q.ctx(), q.visit.Credential, "admin:ServiceStop"); err != nil {
			return err
		}
	case "restart":
		if err := h.config.Power.CanRestart(); err != nil {
			return err
		}
		act = h.config.Power.Restart
	case "freeze", "unfreeze":
		return fail("NotImplemented", http.StatusNotImplemented, "Croft does not hold requests back. Stop it, or close the port.")
	default:
		return fail("InvalidArgument", http.StatusBadRequest, "The action is one of restart and stop.")
	}
	if !dry {
		h.ending.Store(true) // nobody is to be told any more that this process is ready
	}
	if err := q.answer(serviceJSON{action, dry, []serviceHostJSON{{q.r.Host}}}); err != nil {
		return err
	}
	if !dry {
		act()
	}
	return nil
}

// topLocks answers that nothing is locked: requests hold locks only while they are
// served, and wait for none of another server's.
func (h *Handler) topLocks(q *request) error { return q.answer([]struct{}{}) }
