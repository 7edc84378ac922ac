package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

const whole = `version: 1
env: { GREETING: hello, N: 1.10, EMPTY: }
timeout: 30m
stages:
  - name: build
    steps:
      - name: compile
        image: golang:1.26
        env: { CGO_ENABLED: "0" }
        script: |
          go build -o bin/app .
          ls -l bin
        timeout: 10m
        artifacts: [bin/app, "out/**/*.txt"]
  - name: check
    steps:
      - { name: vet, image: golang:1.26, script: [go vet ./..., "true"] }
      - { name: test, image: golang:1.26, script: go test ./... }
`

func TestParseWhole(t *testing.T) {
	got, err := Parse([]byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	want := File{
		Env:     map[string]string{"GREETING": "hello", "N": "1.10", "EMPTY": ""},
		Timeout: 30 * time.Minute,
		Stages: []Stage{
			{Name: "build", Steps: []Step{{
				Name: "compile", Image: "golang:1.26", Env: map[string]string{"CGO_ENABLED": "0"},
				Script: []string{"go build -o bin/app .\nls -l bin"}, Timeout: 10 * time.Minute,
				Artifacts: []string{"bin/app", "out/**/*.txt"},
			}}},
			{Name: "check", Steps: []Step{
				{Name: "vet", Image: "golang:1.26", Script: []string{"go vet ./...", "true"}},
				{Name: "test", Image: "golang:1.26", Script: []string{"go test ./..."}},
			}},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got  %+v\nwant %+v", got, want)
	}
}

func TestMergeKeys(t *testing.T) {
	got, err := Parse([]byte(`stages:
  - name: a
    steps:
      - &base { name: one, image: i, script: x, env: {A: "1"} }
      - { <<: *base, name: two }
`))
	if err != nil {
		t.Fatal(err)
	}
	if s := got.Stages[0].Steps[1]; s.Name != "two" || s.Image != "i" || s.Env["A"] != "1" {
		t.Fatalf("merged step is %+v", s)
	}
}

// step wraps lines as the keys of one step, which starts on line 4.
func step(lines string) string {
	return "stages:\n- name: s\n  steps:\n  - " + strings.ReplaceAll(lines, "\n", "\n    ") + "\n"
}

func TestMistakes(t *testing.T) {
	f := func(name, text string, want ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Helper()
			_, err := Parse([]byte(text))
			var all Errors
			if !errors.As(err, &all) {
				t.Fatalf("got %v, want Errors", err)
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(want) {
				t.Fatalf("got %d mistakes, want %d:\n%v", len(lines), len(want), err)
			}
			for i := range want {
				if lines[i] != FileName+":"+want[i] {
					t.Errorf("got  %s\nwant %s:%s", lines[i], FileName, want[i])
				}
			}
		})
	}
	f("empty", "", `1:1: the file is empty; it needs "stages"`)
	f("only a comment", "# hello\n", `1:1: the file is empty; it needs "stages"`)
	f("a list", "- a\n", `1:1: the file must be a mapping of keys to values, not a list`)
	f("no stages", "timeout: 5m\n", `1:1: the file needs "stages"`)
	f("empty stages", "stages: []\n", `1:9: stages is empty; it needs at least one stage`)
	f("null stages", "stages:\n", `1:8: stages must be a list, not nothing`)
	f("empty steps", "stages:\n- name: a\n  steps: []\n", `3:10: steps is empty; it needs at least one step`)
	f("typo", step("name: a\nimge: x\nscript: y"),
		`4:5: a step needs "image"`, `5:5: unknown key "imge" (did you mean "image"?)`)
	f("unknown", step("name: a\nimage: x\nscript: y\nwhatever: 1"),
		`7:5: unknown key "whatever" (known: artifacts, env, image, name, script, timeout)`)
	f("missing script", step("name: a\nimage: x"), `4:5: a step needs "script"`)
	f("wrong types", step("name: [a]\nimage: 5\nscript: {a: b}\nenv: x\nartifacts: y\ntimeout: [1]"),
		`4:11: step name must be text, not a list`,
		`5:12: image must be text, not a number (put it in quotes)`,
		`6:13: script must be text, not a mapping`,
		`7:10: env must be a mapping of keys to values, not text`,
		`8:16: artifacts must be a list, not text`,
		`9:14: timeout must be a single value, not a list`)
	f("duplicate key", step("name: a\nimage: x\nimage: y\nscript: z"), `6:5: the key "image" is there twice (first on line 5)`)
	f("duplicate step", "stages:\n- name: s\n  steps:\n  - {name: a, image: x, script: y}\n  - {name: a, image: x, script: y}\n",
		`5:12: the step "a" is there twice (first on line 4)`)
	f("duplicate stage", "stages:\n- {name: s, steps: [{name: a, image: x, script: y}]}\n- {name: s, steps: [{name: a, image: x, script: y}]}\n",
		`3:10: the stage "s" is there twice (first on line 2)`)
	f("durations", "timeout: 1d\n"+step("name: a\nimage: x\nscript: y\ntimeout: 10ms"),
		`1:10: "1d" is not a duration such as 90s, 30m or 1h30m`, `8:14: a timeout is at least 1s`)
	f("long", "timeout: 25h\n"+step("name: a\nimage: x\nscript: y"), `1:10: a timeout is at most 24h`)
	f("env names", step("name: a\nimage: x\nscript: y\nenv: {1A: x, CROFT_RUN_ID: x, A: [1]}"),
		`7:11: "1A" is not the name of a variable (letters, digits and _, not starting with a digit)`,
		`7:18: "CROFT_RUN_ID" is set by Croft; names starting with CROFT are reserved`,
		`7:38: the value of A must be a single value, not a list`)
	f("artifact paths", step("name: a\nimage: x\nscript: y\nartifacts: [/etc/passwd, ../x, 'a\\b']"),
		`7:17: the artifact path "/etc/passwd" starts with /; paths are relative to the workspace`,
		`7:30: the artifact path "../x" leaves the workspace`,
		`7:36: the artifact path "a\\b" holds \; folders are separated by /`)
	f("image", step("name: a\nimage: 'a b'\nscript: y"), `5:12: "a b" is not the name of an image`)
	f("version", "version: 2\n"+step("name: a\nimage: x\nscript: y"), `1:10: version "2" is not known; this Croft knows version 1`)
	f("two documents", step("name: a\nimage: x\nscript: y")+"---\na: 1\n", `7:1: the file holds more than one YAML document`)
	f("syntax", "stages:\n\t- a\n", `2:1: not valid YAML: found character that cannot start any token`)
	f("not text", "stages: \xff\n", `1:9: the file is not UTF-8 text`)
}

func TestBombsAreBounded(t *testing.T) {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 8 {
		bomb += strings.NewReplacer("N", string(rune('1'+i)), "P", string(rune('0'+i))).Replace(
			"aN: &aN [*aP, *aP, *aP, *aP, *aP, *aP, *aP, *aP, *aP, *aP]\n")
	}
	merges := "m0: &m0 {a: b}\n"
	for i := range 8 {
		merges += strings.NewReplacer("N", string(rune('1'+i)), "P", string(rune('0'+i))).Replace(
			"mN: &mN {<<: [*mP, *mP, *mP, *mP, *mP, *mP, *mP, *mP, *mP, *mP, *mP, *mP]}\n")
	}
	wide := "m0: &m0 {a: b}\n"
	for i := range 3 {
		wide += fmt.Sprintf("m%d: &m%d {<<: [%s]}\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*m%d,", i), 5000), ","))
	}
	for name, text := range map[string]string{
		"wide":    wide + "stages: []\n<<: *m3\n",
		"aliases": bomb + "stages: *a8\n",
		"merges":  merges + "stages: []\n<<: *m8\n",
		"cycle":   "stages: &a [*a]\n",
		"merging": "&a <<: *a\nstages: []\n",
		"self":    "stages: [&a {<<: *a}]\n",
	} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// FuzzParse asks for three things: no panic, mistakes inside the file, and
// pipelines within the bounds.
func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("stages: &a [*a]\n"))
	f.Add([]byte("<<: [{stages: 1}]\n"))
	f.Add([]byte(step("name: a\nimge: x\nscript: y")))
	f.Add([]byte("a: b: c"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse(data)
		if err != nil {
			var all Errors
			if !errors.As(err, &all) || len(all) == 0 {
				t.Fatalf("unplaced error %v", err)
			}
			for _, one := range all {
				if one.Line < 1 || one.Column < 1 || one.Message == "" {
					t.Fatalf("bad error %+v", one)
				}
			}
			return
		}
		if len(file.Stages) == 0 {
			t.Fatal("a pipeline without stages was accepted")
		}
		for _, stage := range file.Stages {
			if stage.Name == "" || len(stage.Steps) == 0 {
				t.Fatalf("accepted stage %+v", stage)
			}
			for _, s := range stage.Steps {
				if s.Name == "" || s.Image == "" || len(s.Script) == 0 || s.Timeout < 0 || s.Timeout > MaxTimeout {
					t.Fatalf("accepted step %+v", s)
				}
			}
		}
	})
}

func TestSampleProject(t *testing.T) {
	data, err := os.ReadFile("../../assets/sample/.croft.yml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse(data); err != nil {
		t.Error(err)
	}
}

func TestSampleOfTheDocs(t *testing.T) {
	doc, err := os.ReadFile("../../docs/pipelines.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(doc), "```yaml\n")
	for ; found; _, rest, found = strings.Cut(rest, "```yaml\n") {
		sample, _, _ := strings.Cut(rest, "```")
		if _, err := Parse([]byte(sample)); err != nil {
			t.Errorf("the docs show a file that is wrong:\n%v\n%s", err, sample)
		}
	}
}
