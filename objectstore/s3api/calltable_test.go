package s3api

// The tables of docs/s3.md are made here, out of requests that were answered.
//
// To add a call, or to change what is said of one:
//
//  1. Write its row into a callrows_….go file beside the others of its kind, or into a new
//     file whose list is named in callTable below. Operations that belong together share
//     a row. A row is what is said, and samples: requests with the answer that they must
//     get. Every call that a row names needs a sample that succeeds, or the row says
//     "refused". A sample with a `when` is shown in the last column, as its code and that.
//  2. In asks, bodies and headers {b} is a bucket of the row alone, which holds "key" with
//     the text "hello"; {upload}, {version} and {etag} are what an answer before said last.
//  3. `make gen` writes docs/s3.md (or: go test ./objectstore/s3api -run TestCallTable
//     -update). CI fails when it is not as committed, when an operation has no row, and
//     when an answer is another.
//
// Calls of AWS's that Croft does not have stand in refusedCalls; one that gets an operation
// leaves that row by itself.

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// row is a line of a table in docs/s3.md.
type row struct {
	calls   string // operations by name, "PutBucketCors, GetBucketCors" …
	about   string // … or what the row is about, where that is no call
	state   string // "given", "refused"; empty is "works", which some sample must then do
	remark  string
	with    func(*Config) // a handler of its own, for rows about its settings
	samples []sample
}

// sample is a request and what it must be answered.
type sample struct {
	ask    string   // "GET /{b}/key?tagging"
	body   string   //
	header []string // names and values in turn
	want   string   // "200", or the status and the code: "404 NoSuchKey"
	has    string   // what the answer's headers, as "name: value" in lower case, or its body must have
	when   string   // when it is refused, in words, if the table is to say so
	// send sends the request, if a header with a signature would not do.
	send func(f *fixture, method, target, body string, header ...string) answer
}

// chapter is a part of a table with its heading.
type chapter struct {
	heading string
	rows    []row
}

// callTable is the table of calls.
func callTable() []chapter {
	return []chapter{
		{"Buckets", bucketRows()},
		{"Objects", objectRows()},
		{"Uploads in parts", partRows()},
		{"Versions, tags and locks", versionRows()},
		{"Who may reach a bucket", accessRows()},
		{"Settings of buckets", settingRows()},
		{"Browsers and websites", webRows()},
	}
}

const callDocument = "../../docs/s3.md"

func TestCallTable(t *testing.T) {
	f := start(t, withLifecycle)
	number := 0
	perform := func(t *testing.T, chapters []chapter) {
		for _, c := range chapters {
			for i := range c.rows {
				r := &c.rows[i]
				number++
				bucket := fmt.Sprintf("row-%d", number)
				t.Run(r.name(), func(t *testing.T) {
					f := f.of(t)
					if r.with != nil {
						f = start(t, r.with)
					}
					f.bucket(bucket)
					f.put(bucket, "key", "hello")
					r.run(f, bucket)
				})
			}
		}
	}
	calls, signatures := callTable(), []chapter{{"", signatureRows()}}
	perform(t, calls)
	perform(t, signatures)
	everyCallHasARow(t, calls)
	refused := row{calls: strings.Join(checkRefused(f), ", "), state: "refused", samples: []sample{{want: "501 NotImplemented", when: "always"}}}
	if refused.calls != "" {
		calls = append(calls, chapter{"What AWS has besides", []row{refused}})
	}

	text, err := os.ReadFile(filepath.FromSlash(callDocument))
	if err != nil {
		t.Fatal(err)
	}
	is := strings.ReplaceAll(string(text), "\r\n", "\n")
	want := is
	for name, chapters := range map[string][]chapter{"calls": calls, "signatures": signatures} {
		if want, err = replaceBetween(want, name, tableOf(name, chapters)); err != nil {
			t.Fatal(err)
		}
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(filepath.FromSlash(callDocument), []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if is != want {
		t.Error("docs/s3.md is not what the rows say: make gen, and look at what changed")
	}
}

// replaceBetween puts text between the two comments of that name.
func replaceBetween(document, name, text string) (string, error) {
	from, to := "<!-- "+name+": made by make gen from objectstore/s3api/callrows_*_test.go -->\n", "<!-- end of "+name+" -->\n"
	before, rest, found := strings.Cut(document, from)
	_, after, ended := strings.Cut(rest, to)
	if !found || !ended {
		return "", fmt.Errorf("docs/s3.md has no lines %q and %q", from, to)
	}
	return before + from + text + to + after, nil
}

func (r *row) name() string {
	if r.calls != "" {
		return r.calls
	}
	return r.about
}

// run asks for every sample in turn and notes which calls were answered well.
func (r *row) run(f *fixture, bucket string) {
	saved := map[string]string{"b": bucket, "upload": "none", "version": "none", "etag": "none"}
	fill := func(s string) string {
		for name, value := range saved {
			s = strings.ReplaceAll(s, "{"+name+"}", value)
		}
		return s
	}
	works := map[string]bool{}
	for _, s := range r.samples {
		method, target, _ := strings.Cut(fill(s.ask), " ")
		header := slices.Clone(s.header)
		for i := range header {
			header[i] = fill(header[i])
		}
		send := s.send
		if send == nil {
			send = (*fixture).call
		}
		a := send(f, method, target, fill(s.body), header...)
		got := strings.TrimSpace(fmt.Sprint(a.status, " ", a.code()))
		all := a.body
		for name, values := range a.header {
			for _, value := range values {
				all += "\n" + strings.ToLower(name) + ": " + value
			}
		}
		if got != s.want || !strings.Contains(all, fill(s.has)) {
			f.t.Errorf("%s: %s, want %s with %q\n%s", s.ask, got, s.want, fill(s.has), all)
		}
		for name, pattern := range map[string]*regexp.Regexp{"upload": uploadPattern, "version": versionPattern, "etag": etagPattern} {
			if m := pattern.FindStringSubmatch(all); m != nil {
				saved[name] = m[1]
			}
		}
		if a.status < 400 {
			works[calledBy(method, target, header)] = true
		}
	}
	succeeds := len(works) > 0
	if r.calls != "" && r.state == "" {
		for name := range strings.SplitSeq(r.calls, ", ") {
			if !works[name] {
				f.t.Errorf("no sample shows that %s works", name)
			}
		}
	}
	if succeeds == (r.state == "refused") || len(r.samples) == 0 {
		f.t.Errorf("the row says %q; does any sample succeed: %v", r.state, succeeds)
	}
}

var (
	uploadPattern  = regexp.MustCompile(`<UploadId>([^<]+)<`)
	versionPattern = regexp.MustCompile(`\nx-amz-version-id: (\S+)`)
	etagPattern    = regexp.MustCompile(`\netag: "([^"]+)"`)
)

// calledBy is the name of the operation that a request calls, empty for none.
func calledBy(method, target string, header []string) string {
	u, err := url.Parse(target)
	if err != nil {
		return ""
	}
	r := &http.Request{Method: method, URL: u, Header: http.Header{}}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	q := &request{r: r, query: u.Query()}
	if q.bucket, q.control = controlled(r); !q.control {
		q.bucket, q.key, _ = strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	}
	op, err := New(Config{}).route(q)
	if err != nil {
		return ""
	}
	return op.name
}

func everyCallHasARow(t *testing.T, chapters []chapter) {
	named := map[string]bool{}
	for _, c := range chapters {
		for i := range c.rows {
			for name := range strings.SplitSeq(c.rows[i].calls, ", ") {
				named[name] = true
			}
		}
	}
	for _, c := range Calls() {
		if !named[c.Name] {
			t.Errorf("%s has no row in docs/s3.md; calltable_test.go says how to add one", c.Name)
		}
		delete(named, c.Name)
	}
	delete(named, "")
	for name := range named {
		t.Errorf("the row of %s is about no operation", name)
	}
}

// checkRefused asks for every call that AWS's own client has and Croft does not, and
// returns their names.
func checkRefused(f *fixture) []string {
	f.bucket("refused").put("refused", "key", "hello")
	has := map[string]bool{}
	for _, c := range Calls() {
		has[c.Name] = true
	}
	client := reflect.TypeFor[*s3.Client]()
	for i := range client.NumMethod() {
		if name := client.Method(i).Name; !has[name] && !noCalls[name] && refusedCalls[name] == "" {
			f.t.Errorf("AWS's client has the call %s, which is neither an operation nor among refusedCalls", name)
		}
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(refusedCalls)) {
		if has[name] {
			continue
		}
		names = append(names, name)
		method, target, _ := strings.Cut(refusedCalls[name], " ")
		if a := f.call(method, strings.ReplaceAll(target, "{b}", "refused"), ""); a.code() != "NotImplemented" || a.status != http.StatusNotImplemented {
			f.t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if got := f.call("GET", "/refused/key", ""); got.body != "hello" {
		f.t.Errorf("a call that is refused did something to the object: %d %s", got.status, got.body)
	}
	return names
}

// tableOf renders a table as Markdown.
func tableOf(first string, chapters []chapter) string {
	var out strings.Builder
	for _, c := range chapters {
		if c.heading != "" {
			fmt.Fprintf(&out, "\n### %s\n\n", c.heading)
		}
		if first == "calls" {
			out.WriteString("| Call | | Remarks | Refused with |\n| --- | --- | --- | --- |\n")
		} else {
			out.WriteString("| | | Remarks | Refused with |\n| --- | --- | --- | --- |\n")
		}
		for i := range c.rows {
			r := &c.rows[i]
			state := r.state
			if state == "" {
				state = "works"
			}
			fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", r.name(), state, r.remark, r.refusals())
		}
	}
	if first == "calls" {
		out.WriteString("\n")
	}
	return out.String()
}

// refusals are the codes of the samples that say when, those of one code together.
func (r *row) refusals() string {
	var order []string
	reasons := map[string][]string{}
	for _, s := range r.samples {
		status, code, _ := strings.Cut(s.want, " ")
		if s.when == "" || code == "" {
			continue
		}
		shown := "`" + code + "` (" + status + ")"
		if reasons[shown] == nil {
			order = append(order, shown)
		}
		if !slices.Contains(reasons[shown], s.when) {
			reasons[shown] = append(reasons[shown], s.when)
		}
	}
	for i, shown := range order {
		order[i] = shown + ": " + strings.Join(reasons[shown], "; ")
	}
	return strings.Join(order, " · ")
}
