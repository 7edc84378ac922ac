package lifecycle

import (
	"encoding/xml"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

const dateFormat = "2006-01-02T15:04:05.000Z"

// String writes the rules as the one document that says them; Parse reads the same
// rules out of it.
func (r Rules) String() string {
	var w writer
	w.text.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<LifecycleConfiguration xmlns="` + namespace + `">`)
	for i := range r {
		w.rule(&r[i])
	}
	w.text.WriteString("</LifecycleConfiguration>")
	return w.text.String()
}

type writer struct{ text strings.Builder }

func (w *writer) in(name string, inside func()) {
	w.text.WriteString("<" + name + ">")
	inside()
	w.text.WriteString("</" + name + ">")
}

func (w *writer) value(name, value string) {
	w.in(name, func() { _ = xml.EscapeText(&w.text, []byte(value)) }) // a strings.Builder never fails
}

func (w *writer) number(name string, n int64) { w.value(name, strconv.FormatInt(n, 10)) }

func (w *writer) positive(name string, n int) {
	if n > 0 {
		w.number(name, int64(n))
	}
}

func (w *writer) date(name string, t time.Time) {
	if !t.IsZero() {
		w.value(name, t.UTC().Format(dateFormat))
	}
}

func (w *writer) rule(r *Rule) {
	w.in("Rule", func() {
		w.value("ID", r.ID)
		if r.OldPrefix {
			w.value("Prefix", r.Filter.Prefix)
		} else {
			w.in("Filter", func() { w.filter(&r.Filter) })
		}
		w.value("Status", map[bool]string{true: "Enabled", false: "Disabled"}[r.Enabled])
		for _, t := range r.Transitions {
			w.in("Transition", func() {
				if t.Date.IsZero() {
					w.number("Days", int64(t.Days))
				}
				w.date("Date", t.Date)
				w.value("StorageClass", t.Tier)
			})
		}
		if x := r.Expiration; x.set() {
			w.in("Expiration", func() {
				w.positive("Days", x.Days)
				w.date("Date", x.Date)
				if x.Markers {
					w.value("ExpiredObjectDeleteMarker", "true")
				}
			})
		}
		for _, t := range r.NoncurrentTransitions {
			w.in("NoncurrentVersionTransition", func() {
				w.number("NoncurrentDays", int64(t.Days))
				w.positive("NewerNoncurrentVersions", t.Keep)
				w.value("StorageClass", t.Tier)
			})
		}
		if n := r.Noncurrent; n.set() {
			w.in("NoncurrentVersionExpiration", func() {
				w.positive("NoncurrentDays", n.Days)
				w.positive("NewerNoncurrentVersions", n.Keep)
			})
		}
		if r.AbortDays > 0 {
			w.in("AbortIncompleteMultipartUpload", func() { w.positive("DaysAfterInitiation", r.AbortDays) })
		}
	})
}

func (w *writer) filter(f *Filter) {
	prefixed := f.prefixed || f.Prefix != ""
	conditions := len(f.Tags)
	for _, is := range []bool{prefixed, f.LargerThan != nil, f.SmallerThan > 0} {
		if is {
			conditions++
		}
	}
	write := func() {
		if prefixed {
			w.value("Prefix", f.Prefix)
		}
		for _, key := range slices.Sorted(maps.Keys(f.Tags)) {
			w.in("Tag", func() {
				w.value("Key", key)
				w.value("Value", f.Tags[key])
			})
		}
		if f.LargerThan != nil {
			w.number("ObjectSizeGreaterThan", *f.LargerThan)
		}
		if f.SmallerThan > 0 {
			w.number("ObjectSizeLessThan", f.SmallerThan)
		}
	}
	if conditions > 1 {
		w.in("And", write)
	} else {
		write()
	}
}
