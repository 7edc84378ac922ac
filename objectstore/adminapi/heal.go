package adminapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
)

type setHealJSON struct {
	ID     string      `json:"id"`
	Pool   int         `json:"pool_index"`
	Set    int         `json:"set_index"`
	Status string      `json:"heal_status"`
	Disks  []driveJSON `json:"disks"`
}

// healStatus answers which drives are being filled with what they lack.
func (h *Handler) healStatus(q *request) error {
	s, err := h.drives(q)
	if err != nil {
		return err
	}
	b := s.backend(h.config.ReducedParity)
	var sets []setHealJSON
	at := make(map[string]int)
	healing := []string{}
	for i := range s.drives {
		d := s.drives[i]
		id := fmt.Sprintf("%d/%d", d.Pool, d.Set)
		if _, ok := at[id]; !ok {
			at[id] = len(sets)
			sets = append(sets, setHealJSON{ID: id, Pool: d.Pool, Set: d.Set})
		}
		one := &sets[at[id]]
		one.Disks = append(one.Disks, d)
		if d.Healing {
			one.Status = "Healing"
			healing = append(healing, d.Path)
		}
	}
	return q.answer(map[string]any{
		"offline_nodes": []string{}, "ScannedItemsCount": 0, "HealDisks": healing, "sets": sets, "mrf": map[string]any{},
		"sc_parity": map[string]int{"STANDARD": b.Parity, "REDUCED_REDUNDANCY": b.ReducedParity},
	})
}

// drives is the storage of an engine that has drives.
func (h *Handler) drives(q *request) (storage, error) {
	s, err := h.storage(q.ctx())
	if err == nil && s.none {
		err = errs.New(errs.Unavailable, "not_supported_here", "This Croft keeps its objects in another S3 cluster and has no drives.")
	}
	return s, err
}

type healOptions struct {
	Recursive bool `json:"recursive"`
	DryRun    bool `json:"dryRun"`
	Remove    bool `json:"remove"`
	Recreate  bool `json:"recreate"`
	ScanMode  int  `json:"scanMode"`
	Pool      *int `json:"pool,omitempty"`
	Set       *int `json:"set,omitempty"`
}

type healStartJSON struct {
	Token   string    `json:"clientToken"`
	Address string    `json:"clientAddress"`
	Started time.Time `json:"startTime"`
}

type healTaskJSON struct {
	Summary string         `json:"summary"`
	Detail  string         `json:"detail"`
	Started time.Time      `json:"startTime"`
	Options healOptions    `json:"settings"`
	Items   []healItemJSON `json:"items,omitempty"`
}

type healItemJSON struct {
	Number int        `json:"resultId"`
	Type   string     `json:"type"`
	Bucket string     `json:"bucket"`
	Object string     `json:"object"`
	Detail string     `json:"detail"`
	Parity int        `json:"parityBlocks"`
	Data   int        `json:"dataBlocks"`
	Drives int        `json:"diskCount"`
	Sets   int        `json:"setCount"`
	Before healStates `json:"before"`
	After  healStates `json:"after"`
	Size   int64      `json:"objectSize"`
}

type healStates struct {
	Drives []healStateJSON `json:"drives"`
}

type healStateJSON struct {
	UUID     string `json:"uuid"`
	Endpoint string `json:"endpoint"`
	State    string `json:"state"`
}

// heal starts, follows and stops the check of everything, which heals what it finds. A
// token is the time of the start: the check outlives restarts, and so do its followers.
func (h *Handler) heal(q *request) error {
	s, err := h.drives(q)
	if err != nil {
		return err
	}
	m, ok := h.config.Store.(objectstore.Maintainer)
	if !ok {
		return errs.New(errs.Unavailable, "not_supported_here", "The drives of this Croft are not looked after by itself.")
	}
	if token := q.query.Get("clientToken"); token != "" {
		return h.followHeal(q, &s, token)
	}
	scrub := s.health.Scrub
	if q.query.Get("forceStop") == "true" {
		q.event.Detail = "stop"
		if err := m.StopScrub(q.ctx()); err != nil {
			return err
		}
		return q.answer(h.healStart(q, scrub.Current.StartedAt))
	}
	if err := q.checkHeal(); err != nil {
		return err
	}
	if q.query.Get("forceStart") == "true" {
		if err := m.StopScrub(q.ctx()); err != nil {
			return err
		}
	}
	// The engine notes its times in seconds.
	at := h.now().Truncate(time.Second)
	err = m.StartScrub(q.ctx())
	if errors.Is(err, objectstore.ErrScrubRunning) {
		err, at = nil, scrub.Current.StartedAt // whoever asks for what is going on follows it
	}
	if err != nil {
		return err
	}
	return q.answer(h.healStart(q, at))
}

// checkHeal refuses what the check of everything is not.
func (q *request) checkHeal() error {
	var o healOptions
	if len(q.body) > 0 && json.Unmarshal(q.body, &o) != nil {
		return fail("InvalidArgument", http.StatusBadRequest, "The body is not the JSON of this call.")
	}
	refuse := func(why string) error { return fail("NotImplemented", http.StatusNotImplemented, why) }
	switch {
	case strings.Trim(q.rest, "/") != "":
		return refuse("Croft checks and heals everything at once, not one bucket. Use `mc admin heal --recursive ALIAS`.")
	case o.DryRun:
		return refuse("Croft heals what it finds damaged and has no dry run.")
	case o.Remove, o.Recreate:
		return refuse("Croft removes and rewrites nothing while it heals.")
	case o.Pool != nil, o.Set != nil:
		return refuse("Croft checks all pools and sets at once.")
	}
	return nil
}

func (h *Handler) healStart(q *request, at time.Time) healStartJSON {
	if at.IsZero() {
		at = h.now()
	}
	return healStartJSON{Token: strconv.FormatInt(at.Unix(), 10), Address: q.r.RemoteAddr, Started: at.UTC()}
}

// followHeal answers how far the check is that a token stands for.
func (h *Handler) followHeal(q *request, s *storage, token string) error {
	seconds, err := strconv.ParseInt(token, 10, 64)
	if err != nil {
		return fail("XMinioHealNoSuchProcess", http.StatusBadRequest, "There is no heal of this token.")
	}
	at, scrub := time.Unix(seconds, 0), &s.health.Scrub
	out := healTaskJSON{Summary: "running", Started: at.UTC(), Options: healOptions{Recursive: true, ScanMode: 2}}
	switch {
	case scrub.Asked:
		out.Items = []healItemJSON{s.healItem(0, fmt.Sprintf("%s of about %s checked, %d damaged", amount(scrub.Current.Bytes), amount(scrub.TotalBytes), scrub.Current.Damaged))}
	case !scrub.Last.FinishedAt.IsZero() && !scrub.Last.FinishedAt.Before(at):
		out.Summary = "finished"
		out.Items = s.finished(&scrub.Last)
	default:
		out.Summary, out.Detail = "stopped", "The check was stopped. It goes on by itself a day later."
	}
	return q.answer(out)
}

// maxHealItems bounds the damaged things that are told one by one.
const maxHealItems = 1000

// finished are the items of a check that ended: one for each damaged thing, so that mc
// counts them, and one that says how much was read.
func (s *storage) finished(last *objectstore.Scrub) []healItemJSON {
	var items []healItemJSON
	for i := range min(last.Damaged, maxHealItems) {
		item := s.healItem(int(i), fmt.Sprintf("damaged %d of %d", i+1, last.Damaged))
		item.Type, item.Object, item.Size = "object", item.Detail, -1
		item.Before.Drives = append([]healStateJSON(nil), item.After.Drives...)
		for j := range item.Before.Drives {
			if item.Before.Drives[j].State == driveOK {
				item.Before.Drives[j].State = "corrupt"
				break
			}
		}
		items = append(items, item)
	}
	return append(items, s.healItem(len(items), fmt.Sprintf("%s checked, %d damaged and healed", amount(last.Bytes), last.Damaged)))
}

// healItem is an item about the drives of the first set.
func (s *storage) healItem(number int, detail string) healItemJSON {
	item := healItemJSON{Number: number, Type: "metadata", Detail: detail, Parity: s.health.ParityShards, Data: s.health.DataShards, Sets: 1}
	for i := range s.drives {
		if d := &s.drives[i]; d.Pool == 0 && d.Set == 0 {
			item.After.Drives = append(item.After.Drives, healStateJSON{d.UUID, d.Endpoint, d.State})
		}
	}
	item.Drives, item.Before = len(item.After.Drives), item.After
	return item
}

// amount is a number of bytes for people.
func amount(bytes int64) string {
	value, unit := float64(bytes), "B"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB", "PiB"} {
		if value < 1024 {
			break
		}
		value, unit = value/1024, next
	}
	if unit == "B" {
		return strconv.FormatInt(bytes, 10) + " B"
	}
	return strconv.FormatFloat(value, 'f', 1, 64) + " " + unit
}
