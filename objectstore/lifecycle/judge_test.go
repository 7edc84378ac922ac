package lifecycle

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"croft/objectstore"
)

func at(text string) time.Time {
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t
		}
	}
	panic(text)
}

func mustParse(t testing.TB, text string) Rules {
	t.Helper()
	rules, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// named is a rule with another ID than rule's.
func named(id, inside string) string {
	return "<Rule><ID>" + id + "</ID><Status>Enabled</Status>" + inside + "</Rule>"
}

func current(key string, size int64, written string) Version {
	return Version{Object: objectstore.Object{Key: key, Size: size, ModifiedAt: at(written), Latest: true}, Only: true}
}

// TestDueAsS3Documents are the dates that S3's user guide works out.
func TestDueAsS3Documents(t *testing.T) {
	for _, c := range []struct {
		since string
		days  int
		want  string
	}{
		{"2014-01-15 10:30", 3, "2014-01-19"},
		{"2014-01-15 10:30", 0, "2014-01-16"},
		{"2014-01-15 00:00", 1, "2014-01-17"}, // the midnight it is a day old at has come already
		{"2014-01-15 23:59", 1, "2014-01-17"},
		{"2012-02-28 12:00", 1, "2012-03-01"},
	} {
		if got := due(at(c.since), c.days); !got.Equal(at(c.want)) {
			t.Errorf("%d days after %s: %s, want %s", c.days, c.since, got, c.want)
		}
	}
}

// TestJudgeAsS3Documents are the examples of S3's user guide about rules and about
// their conflicts, and what it says of versions and markers.
func TestJudgeAsS3Documents(t *testing.T) {
	const (
		off     = objectstore.VersioningOff
		enabled = objectstore.VersioningEnabled
	)
	prefix := func(p string) string { return "<Filter><Prefix>" + p + "</Prefix></Filter>" }
	days := func(n int) string { return fmt.Sprintf("<Expiration><Days>%d</Days></Expiration>", n) }
	move := func(n int, tier string) string {
		return fmt.Sprintf("<Transition><Days>%d</Days><StorageClass>%s</StorageClass></Transition>", n, tier)
	}
	noncurrent := func(n, keep int) string {
		text := fmt.Sprintf("<NewerNoncurrentVersions>%d</NewerNoncurrentVersions>", keep)
		if keep == 0 {
			text = ""
		}
		if n > 0 {
			text = fmt.Sprintf("<NoncurrentDays>%d</NoncurrentDays>", n) + text
		}
		return "<NoncurrentVersionExpiration>" + text + "</NoncurrentVersionExpiration>"
	}
	old := func(newer int, since string) Version {
		v := current("logs/a", 10, "2024-01-01 08:00")
		v.Latest, v.Only, v.NoncurrentSince, v.Newer = false, false, at(since), newer
		return v
	}
	marker := func(only bool) Version {
		v := current("logs/a", 0, "2024-01-01 08:00")
		v.Marker, v.Only = true, only
		return v
	}
	tagged := current("logs/a", 10, "2024-01-01 08:00")
	tagged.Attributes.Tags = map[string]string{"key1": "value1", "key2": "value2", "more": ""}
	inTier := current("logs/a", 10, "2024-01-01 08:00")
	inTier.Tier = "WARM"
	markers := "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>"

	for name, c := range map[string]struct {
		rules      string
		v          Version
		versioning objectstore.Versioning
		now        string
		want       string
	}{
		"not yet":               {named("r", prefix("logs/")+days(30)), current("logs/a", 1, "2024-01-01 08:00"), off, "2024-01-31 23:59", ""},
		"expires":               {named("r", prefix("logs/")+days(30)), current("logs/a", 1, "2024-01-01 08:00"), off, "2024-02-01", "expire r 2024-02-01"},
		"another key":           {named("r", prefix("logs/")+days(30)), current("log", 1, "2024-01-01 08:00"), off, "2025-02-01", ""},
		"disabled":              {"<Rule><ID>r</ID><Status>Disabled</Status><Filter/>" + days(1) + "</Rule>", current("logs/a", 1, "2024-01-01"), off, "2025-02-01", ""},
		"by date":               {named("r", all+"<Expiration><Date>2024-06-01T00:00:00Z</Date></Expiration>"), current("a", 1, "2024-05-31 08:00"), off, "2024-06-01", "expire r 2024-06-01"},
		"after the date too":    {named("r", all+"<Expiration><Date>2024-06-01T00:00:00Z</Date></Expiration>"), current("a", 1, "2024-07-31 08:00"), off, "2024-08-01", "expire r 2024-06-01"},
		"both tags":             {named("r", "<Filter><And><Tag><Key>key1</Key><Value>value1</Value></Tag><Tag><Key>key2</Key><Value>value2</Value></Tag></And></Filter>"+days(1)), tagged, off, "2024-02-01", "expire r 2024-01-03"},
		"one of two tags":       {named("r", "<Filter><And><Tag><Key>key1</Key><Value>value1</Value></Tag><Tag><Key>key3</Key><Value></Value></Tag></And></Filter>"+days(1)), tagged, off, "2024-02-01", ""},
		"empty tag":             {named("r", "<Filter><Tag><Key>more</Key><Value></Value></Tag></Filter>"+days(1)), tagged, off, "2024-02-01", "expire r 2024-01-03"},
		"larger":                {named("r", "<Filter><ObjectSizeGreaterThan>500</ObjectSizeGreaterThan></Filter>"+days(1)), current("a", 501, "2024-01-01"), off, "2024-02-01", "expire r 2024-01-03"},
		"not larger":            {named("r", "<Filter><ObjectSizeGreaterThan>500</ObjectSizeGreaterThan></Filter>"+days(1)), current("a", 500, "2024-01-01"), off, "2024-02-01", ""},
		"not smaller":           {named("r", "<Filter><ObjectSizeLessThan>500</ObjectSizeLessThan></Filter>"+days(1)), current("a", 500, "2024-01-01"), off, "2024-02-01", ""},
		"moves":                 {named("r", all+move(30, "WARM")+move(90, "COLD")+days(365)), current("a", 1, "2024-01-01"), off, "2024-02-15", "move r 2024-02-01 WARM"},
		"moves on":              {named("r", all+move(30, "WARM")+move(90, "COLD")+days(365)), current("a", 1, "2024-01-01"), off, "2024-05-01", "move r 2024-04-01 COLD"},
		"moved":                 {named("r", all+move(30, "WARM")), inTier, off, "2024-05-01", ""},
		"nothing to move":       {named("r", all+move(30, "WARM")), current("a", 0, "2024-01-01"), off, "2024-05-01", ""},
		"example 1, overlap":    {named("one", all+days(365)) + named("two", prefix("logs/")+move(30, "COLD")), current("logs/a", 1, "2024-01-01 08:00"), off, "2024-03-01", "move two 2024-02-01 COLD"},
		"example 2, shorter":    {named("one", all+days(365)) + named("two", prefix("logs/")+days(5)), current("logs/a", 1, "2024-01-01 08:00"), off, "2024-03-01", "expire two 2024-01-07"},
		"example 3, deletion":   {named("one", prefix("logs/")+days(10)) + named("two", all+move(10, "COLD")), current("logs/a", 1, "2024-01-01 08:00"), off, "2024-01-12", "expire one 2024-01-12"},
		"move over marker":      {named("one", prefix("logs/")+days(10)) + named("two", all+move(10, "COLD")), current("logs/a", 1, "2024-01-01 08:00"), enabled, "2024-01-12", "move two 2024-01-12 COLD"},
		"marker once moved":     {named("one", prefix("logs/")+days(10)) + named("two", all+move(10, "WARM")), inTier, enabled, "2024-01-12", "expire one 2024-01-12"},
		"suspended is no off":   {named("one", all+days(10)) + named("two", all+move(10, "COLD")), current("a", 1, "2024-01-01 08:00"), objectstore.VersioningSuspended, "2024-01-12", "move two 2024-01-12 COLD"},
		"noncurrent":            {named("r", all+noncurrent(30, 0)), old(0, "2024-03-01 08:00"), enabled, "2024-04-01", "remove r 2024-04-01"},
		"noncurrent, not yet":   {named("r", all+noncurrent(30, 0)), old(0, "2024-03-01 08:00"), enabled, "2024-03-31 23:00", ""},
		"among the kept":        {named("r", all+noncurrent(30, 3)), old(2, "2024-03-01 08:00"), enabled, "2024-05-01", ""},
		"more than kept":        {named("r", all+noncurrent(30, 3)), old(3, "2024-03-01 08:00"), enabled, "2024-05-01", "remove r 2024-04-01"},
		"more than kept, young": {named("r", all+noncurrent(30, 3)), old(3, "2024-03-01 08:00"), enabled, "2024-03-20", ""},
		"only a number":         {named("r", all+noncurrent(0, 3)), old(3, "2024-03-01 08:00"), enabled, "2024-03-01 08:00", "remove r 2024-03-01"},
		"removal over move":     {named("a", all+noncurrent(30, 0)) + named("b", all+"<NoncurrentVersionTransition><NoncurrentDays>30</NoncurrentDays><StorageClass>COLD</StorageClass></NoncurrentVersionTransition>"), old(0, "2024-03-01 08:00"), enabled, "2024-04-01", "remove a 2024-04-01"},
		"noncurrent moves":      {named("b", all+"<NoncurrentVersionTransition><NoncurrentDays>30</NoncurrentDays><NewerNoncurrentVersions>1</NewerNoncurrentVersions><StorageClass>COLD</StorageClass></NoncurrentVersionTransition>"), old(1, "2024-03-01 08:00"), enabled, "2024-04-01", "move b 2024-04-01 COLD"},
		"noncurrent kept":       {named("b", all+"<NoncurrentVersionTransition><NoncurrentDays>30</NoncurrentDays><NewerNoncurrentVersions>1</NewerNoncurrentVersions><StorageClass>COLD</StorageClass></NoncurrentVersionTransition>"), old(0, "2024-03-01 08:00"), enabled, "2024-04-01", ""},
		"current, by the other": {named("r", all+noncurrent(1, 0)), current("a", 1, "2020-01-01"), enabled, "2024-04-01", ""},
		"old, by the other":     {named("r", all+days(1)), old(0, "2020-03-01"), enabled, "2024-04-01", ""},
		"hides something":       {named("r", all+markers), marker(false), enabled, "2024-04-01", ""},
		"hides nothing":         {named("r", all+markers), marker(true), enabled, "2024-01-01 08:00", "remove marker r 2024-01-01"},
		"marker by days":        {named("r", all+days(30)), marker(true), enabled, "2024-02-01", "remove marker r 2024-02-01"},
		"marker by days, young": {named("r", all+days(30)), marker(true), enabled, "2024-01-31", ""},
		"marker has no tags":    {named("r", "<Filter><Tag><Key>a</Key><Value></Value></Tag></Filter>"+days(1)), marker(true), enabled, "2024-04-01", ""},
		"marker has no size":    {named("r", "<Filter><ObjectSizeLessThan>5</ObjectSizeLessThan></Filter>"+days(1)), marker(true), enabled, "2024-04-01", ""},
		"marker moves not":      {named("r", all+move(1, "WARM")), marker(true), enabled, "2024-04-01", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := show(mustParse(t, document(c.rules)).Judge(&c.v, c.versioning, at(c.now)))
			if got != c.want {
				t.Fatalf("%q, want %q", got, c.want)
			}
		})
	}
}

func show(v Verdict) string {
	if v.Kind == Keep {
		return ""
	}
	kinds := map[Kind]string{Expire: "expire", Remove: "remove", RemoveMarker: "remove marker", Move: "move"}
	return strings.TrimSpace(kinds[v.Kind] + " " + v.Rule + " " + v.At.Format(time.DateOnly) + " " + v.Tier)
}

func TestExpiryAndAbort(t *testing.T) {
	rules := mustParse(t, document(
		named("late", all+"<Expiration><Days>30</Days></Expiration><AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>"),
		named("soon", "<Filter><Prefix>logs/</Prefix></Filter><Expiration><Days>3</Days></Expiration><AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>"),
		"<Rule><ID>off</ID><Status>Disabled</Status><Filter/><Expiration><Days>1</Days></Expiration><AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>",
	))
	for key, want := range map[string]string{"a": "late 2024-02-01 2024-01-09", "logs/a": "soon 2024-01-05 2024-01-03"} {
		v := current(key, 1, "2024-01-01 08:00")
		expires, rule, _ := rules.Expiry(&v.Object)
		aborts, by, _ := rules.Abort(key, v.ModifiedAt)
		if got := rule + " " + expires.Format(time.DateOnly) + " " + aborts.Format(time.DateOnly); got != want || by != rule {
			t.Errorf("%s: %s by %s, want %s", key, got, by, want)
		}
	}
	v := current("a", 1, "2024-01-01 08:00")
	v.Marker = true
	if _, _, expires := rules.Expiry(&v.Object); expires {
		t.Error("a delete marker expires")
	}
	if _, _, expires := rules[2:].Expiry(&current0); expires {
		t.Error("a rule that is not enabled expires")
	}
	if _, _, aborts := rules[2:].Abort("a", v.ModifiedAt); aborts {
		t.Error("a rule that is not enabled aborts")
	}
}

var current0 = current("a", 1, "2024-01-01 08:00").Object

func TestPrefixes(t *testing.T) {
	rules := mustParse(t, document(
		named("1", "<Filter><Prefix>logs/a/</Prefix></Filter><Expiration><Days>3</Days></Expiration>"),
		named("2", "<Filter><Prefix>logs/</Prefix></Filter><Expiration><Days>3</Days></Expiration>"),
		named("3", "<Filter><Prefix>data/</Prefix></Filter><Expiration><Days>3</Days></Expiration>"),
		named("4", "<Filter><Prefix>tmp/</Prefix></Filter><AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>"),
		"<Rule><ID>5</ID><Status>Disabled</Status><Filter/><Expiration><Days>1</Days></Expiration></Rule>",
	))
	if got := rules.prefixes((*Rule).aboutVersions); !slices.Equal(got, []string{"data/", "logs/"}) {
		t.Errorf("versions under %q", got)
	}
	if got := rules.prefixes((*Rule).aboutUploads); !slices.Equal(got, []string{"tmp/"}) {
		t.Errorf("uploads under %q", got)
	}
}

// slowly is Judge as one would say it: all that any rule wants, then what is due, then
// what comes first.
func slowly(rules Rules, v Version, versioning objectstore.Versioning, now time.Time) Verdict {
	midnightAfter := func(t time.Time, days int) time.Time {
		t = t.Add(time.Duration(days) * 24 * time.Hour)
		m := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
		for !m.After(t) {
			m = m.AddDate(0, 0, 1)
		}
		return m
	}
	var wanted []Verdict
	for _, r := range rules {
		want := func(kind Kind, at time.Time, tier string) {
			wanted = append(wanted, Verdict{Kind: kind, At: at, Rule: r.ID, Tier: tier})
		}
		f := r.Filter
		narrow := len(f.Tags) > 0 || f.LargerThan != nil || f.SmallerThan > 0
		selects := r.Enabled && strings.HasPrefix(v.Key, f.Prefix) && !(v.Marker && narrow)
		for key, value := range f.Tags {
			is, has := v.Attributes.Tags[key]
			selects = selects && has && is == value
		}
		selects = selects && (f.LargerThan == nil || v.Size > *f.LargerThan) && (f.SmallerThan == 0 || v.Size < f.SmallerThan)
		if !selects {
			continue
		}
		if v.Latest {
			kind := Expire
			if v.Marker {
				kind = RemoveMarker
			}
			if !v.Marker || v.Only {
				if r.Expiration.Days > 0 {
					want(kind, midnightAfter(v.ModifiedAt, r.Expiration.Days), "")
				}
				if !r.Expiration.Date.IsZero() {
					want(kind, r.Expiration.Date, "")
				}
				if v.Marker && r.Expiration.Markers {
					want(kind, v.ModifiedAt, "")
				}
			}
			for _, m := range r.Transitions {
				if m.Date.IsZero() {
					want(Move, midnightAfter(v.ModifiedAt, m.Days), m.Tier)
				} else {
					want(Move, m.Date, m.Tier)
				}
			}
		} else {
			when := func(n Noncurrent) time.Time {
				if n.Days == 0 && n.Keep > 0 {
					return v.NoncurrentSince
				}
				return midnightAfter(v.NoncurrentSince, n.Days)
			}
			if n := r.Noncurrent; (n.Days > 0 || n.Keep > 0) && v.Newer >= n.Keep {
				want(Remove, when(n), "")
			}
			for _, m := range r.NoncurrentTransitions {
				if v.Newer >= m.Keep {
					want(Move, when(m.Noncurrent), m.Tier)
				}
			}
		}
	}
	wanted = slices.DeleteFunc(wanted, func(w Verdict) bool {
		return w.At.After(now) || w.Kind == Move && (v.Marker || v.Size == 0)
	})
	rank := func(w Verdict) int {
		switch {
		case w.Kind == Remove, w.Kind == RemoveMarker, w.Kind == Expire && versioning == objectstore.VersioningOff:
			return 0
		case w.Kind == Move:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(wanted, func(a, b Verdict) int {
		if n := rank(a) - rank(b); n != 0 {
			return n
		}
		if a.Kind == Move {
			return b.At.Compare(a.At)
		}
		return a.At.Compare(b.At)
	})
	if len(wanted) > 0 && wanted[0].Kind == Move && wanted[0].Tier == v.Tier {
		wanted = slices.DeleteFunc(wanted, func(w Verdict) bool { return w.Kind == Move })
	}
	if len(wanted) == 0 {
		return Verdict{}
	}
	return wanted[0]
}

func TestJudgeAgainstSlow(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // test data
	pick := func(texts ...string) string { return texts[r.IntN(len(texts))] }
	one := func(n int) bool { return r.IntN(n) == 0 }
	base := at("2024-03-01")
	kinds := map[Kind]int{}
	for i := range 40_000 {
		rules := make(Rules, r.IntN(5))
		for j := range rules {
			u := &rules[j]
			u.ID, u.Enabled = fmt.Sprint(j), !one(5)
			u.Filter.Prefix = pick("", "", "a", "a/", "b")
			if one(4) {
				u.Filter.Tags = map[string]string{pick("k", "l"): pick("", "v")}
			}
			if one(5) {
				n := r.Int64N(4)
				u.Filter.LargerThan = &n
			}
			if one(5) {
				u.Filter.SmallerThan = 1 + r.Int64N(5)
			}
			switch r.IntN(4) {
			case 0:
				u.Expiration.Days = 1 + r.IntN(5)
			case 1:
				u.Expiration.Date = base.AddDate(0, 0, r.IntN(8))
			case 2:
				u.Expiration.Markers = u.Filter.plain()
			}
			if one(2) {
				u.Noncurrent = Noncurrent{Days: r.IntN(5), Keep: r.IntN(4)}
			}
			for k := range r.IntN(3) {
				m := Transition{Days: r.IntN(6), Tier: []string{"WARM", "COLD"}[k]}
				if one(3) {
					m = Transition{Date: base.AddDate(0, 0, r.IntN(8)), Tier: m.Tier}
				}
				u.Transitions = append(u.Transitions, m)
				u.NoncurrentTransitions = append(u.NoncurrentTransitions, NoncurrentTransition{Noncurrent{r.IntN(5), r.IntN(3)}, m.Tier})
			}
		}
		v := Version{Newer: r.IntN(5), Only: one(2)}
		v.Key, v.Size, v.Latest, v.Marker = pick("a", "a/b", "b", "c"), r.Int64N(5), one(2), one(4)
		v.ModifiedAt = base.Add(time.Duration(r.IntN(96)) * time.Hour)
		v.NoncurrentSince = v.ModifiedAt.Add(time.Duration(r.IntN(48)) * time.Hour)
		v.Tier = pick("", "", "WARM", "COLD")
		if one(2) && !v.Marker {
			v.Attributes.Tags = map[string]string{"k": pick("", "v"), "l": pick("", "v")}
		}
		if v.Marker {
			v.Size, v.Tier = 0, ""
		}
		versioning := []objectstore.Versioning{objectstore.VersioningOff, objectstore.VersioningEnabled, objectstore.VersioningSuspended}[r.IntN(3)]
		now := base.Add(time.Duration(r.IntN(24*12)) * time.Hour)
		got, want := rules.Judge(&v, versioning, now), slowly(rules, v, versioning, now)
		if got != want {
			t.Fatalf("seed %d, case %d: %+v, want %+v\n%+v\n%s\nnow %s, versioning %q", seed, i, got, want, v, rules, now, versioning)
		}
		kinds[got.Kind]++
	}
	if len(kinds) != 5 {
		t.Fatalf("verdicts were only %v", maps.Collect(maps.All(kinds)))
	}
}
