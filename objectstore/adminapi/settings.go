package adminapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"croft/internal/errs"
	"croft/objectstore"
)

// setting is a part of MinIO's configuration that Croft has too. All are told and none
// can be set here.
type setting struct {
	name, help string
	keys       []settingKey
}

type settingKey struct{ name, help, value string }

func (h *Handler) settings(q *request) ([]setting, error) {
	s, err := h.storage(q.ctx())
	if err != nil {
		return nil, err
	}
	all := []setting{
		{"site", "the server and its region", []settingKey{{"name", "", ""}, {"region", "the region that is announced", h.config.Region}}},
		{"region", "the region that is announced", []settingKey{{"name", "the region that is announced", h.config.Region}}},
	}
	if !s.none {
		b := s.backend(h.config.ReducedParity)
		all = append(all, setting{"storage_class", "drives that may be lost, set with --parity and --reduced-parity", []settingKey{
			{"standard", "of objects", fmt.Sprintf("EC:%d", b.Parity)},
			{"rrs", "of large objects of class REDUCED_REDUNDANCY", fmt.Sprintf("EC:%d", b.ReducedParity)},
		}})
	}
	return all, nil
}

func (s *setting) String() string {
	text := s.name
	for _, k := range s.keys {
		text += fmt.Sprintf(" %s=%s", k.name, k.value)
	}
	return text + " \n"
}

func errSetting() error {
	return fail("XMinioConfigError", http.StatusBadRequest, "Croft has no such part of the configuration: it has site, region and storage_class. The rest is set with the flags of `croft server` and in the console.")
}

func (h *Handler) getConfig(q *request) error {
	name, _, _ := strings.Cut(q.query.Get("key"), ":")
	all, err := h.settings(q)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(s setting) bool { return s.name == name })
	if i < 0 {
		return errSetting()
	}
	return q.answerSealed([]byte(all[i].String()))
}

func (h *Handler) exportConfig(q *request) error {
	all, err := h.settings(q)
	if err != nil {
		return err
	}
	text := ""
	for i := range all {
		text += all[i].String()
	}
	return q.answerSealed([]byte(text))
}

type helpJSON struct {
	Name        string        `json:"subSys"`
	Description string        `json:"description"`
	Multiple    bool          `json:"multipleTargets"`
	Keys        []helpKeyJSON `json:"keysHelp"`
}

type helpKeyJSON struct {
	Name        string `json:"key"`
	Description string `json:"description"`
	Optional    bool   `json:"optional"`
	Type        string `json:"type"`
	Multiple    bool   `json:"multipleTargets"`
}

func (h *Handler) helpConfig(q *request) error {
	all, err := h.settings(q)
	if err != nil {
		return err
	}
	out := helpJSON{Keys: []helpKeyJSON{}, Name: q.query.Get("subSys")}
	if out.Name == "" {
		for _, s := range all {
			out.Keys = append(out.Keys, helpKeyJSON{Name: s.name, Description: s.help, Optional: true})
		}
		return q.answer(out)
	}
	i := slices.IndexFunc(all, func(s setting) bool { return s.name == out.Name })
	if i < 0 {
		return errSetting()
	}
	out.Description = all[i].help
	for _, k := range all[i].keys {
		if key := q.query.Get("key"); key == "" || key == k.name {
			out.Keys = append(out.Keys, helpKeyJSON{Name: k.name, Description: k.help, Optional: true, Type: "string"})
		}
	}
	return q.answer(out)
}

type quotaJSON struct {
	Quota    int64  `json:"quota"` // what size was called once; mc writes both
	Size     int64  `json:"size"`
	Rate     uint64 `json:"rate"`
	Requests uint64 `json:"requests"`
	Type     string `json:"quotatype,omitempty"`
}

func (h *Handler) getQuota(q *request) error {
	name := q.query.Get("bucket")
	if err := h.config.Gate.AllowBucket(q.ctx(), q.visit.Credential, false, name); err != nil {
		return err
	}
	b, err := h.config.Store.Bucket(q.ctx(), name)
	if err != nil {
		return err
	}
	out := quotaJSON{Quota: b.Quota, Size: b.Quota}
	if b.Quota > 0 {
		out.Type = "hard"
	}
	return q.answer(out)
}

func (h *Handler) setQuota(q *request) error {
	name := q.query.Get("bucket")
	q.event.Target = name
	if err := h.config.Gate.AllowBucket(q.ctx(), q.visit.Credential, true, name); err != nil {
		return err
	}
	versions, ok := h.config.Store.(objectstore.Versions)
	if !ok {
		return errs.New(errs.Unavailable, "not_supported_here", "The S3 cluster that keeps the objects does not count them, so buckets have no quotas.")
	}
	var in quotaJSON
	if json.Unmarshal(q.body, &in) != nil || in.Size < 0 || in.Quota < 0 {
		return fail("InvalidArgument", http.StatusBadRequest, "The body is not the JSON of this call.")
	}
	if in.Rate > 0 || in.Requests > 0 {
		return fail("NotImplemented", http.StatusNotImplemented, "Quotas of Croft are sizes, not rates.")
	}
	if in.Type != "" && in.Type != "hard" {
		return fail("InvalidArgument", http.StatusBadRequest, `The kind of a quota is "hard".`)
	}
	bytes := max(in.Size, in.Quota)
	q.event.Detail = fmt.Sprintf("quota %d bytes", bytes)
	if _, err := versions.UpdateBucket(q.ctx(), name, func(b *objectstore.Bucket) error {
		b.Quota = bytes
		return nil
	}); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusOK)
	return nil
}
