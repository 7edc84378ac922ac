package cli_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"croft/internal/cli"
)

func TestParseMirror(t *testing.T) {
	env := func(key string) string {
		return map[string]string{"CROFT_SOURCE_ACCESS_KEY": "a", "CROFT_SOURCE_SECRET_KEY_FILE": "b", "CROFT_TARGET_ACCESS_KEY_FILE": "c", "CROFT_TARGET_SECRET_KEY": "d"}[key]
	}
	for _, args := range []string{"--jobs 3 --dry-run s3://from s3://to", "s3://from --jobs=3 s3://to -dry-run"} {
		cmd, err := cli.Parse(append([]string{"mirror"}, strings.Fields(args)...), env, "")
		want := cli.Mirror{
			Source: cli.Store{URL: "s3://from", AccessKey: "a", SecretKeyFile: "b"}, Target: cli.Store{URL: "s3://to", AccessKeyFile: "c", SecretKey: "d"}, Jobs: 3, DryRun: true,
		}
		if err != nil || cmd.Mirror == nil || !reflect.DeepEqual(*cmd.Mirror, want) {
			t.Errorf("%s: %+v, %v", args, cmd.Mirror, err)
		}
	}
	yes, no := true, false
	cmd, err := cli.Parse(strings.Fields("mirror --versions s3://from --settings=false s3://to --include a* --include=b --exclude c --include-bucket d --exclude-bucket e --limit 1.5MiB --delete --watch=30s"), env, "")
	want := cli.Mirror{
		Source: cli.Store{URL: "s3://from", AccessKey: "a", SecretKeyFile: "b"}, Target: cli.Store{URL: "s3://to", AccessKeyFile: "c", SecretKey: "d"}, Jobs: 8,
		Versions: &yes, Settings: &no, Include: []string{"a*", "b"}, Exclude: []string{"c"}, IncludeBuckets: []string{"d"}, ExcludeBuckets: []string{"e"},
		BytesPerSecond: 3 << 19, Delete: true, Every: 30 * time.Second,
	}
	if err != nil || !reflect.DeepEqual(*cmd.Mirror, want) {
		t.Errorf("%+v, %v", cmd.Mirror, err)
	}
	for args, want := range map[string]cli.Mirror{
		"--watch": {Every: time.Minute}, "--verify": {Verify: true}, "--verify=content": {Verify: true, Content: true}, "--limit 500K": {BytesPerSecond: 500 << 10}, "--limit 7": {BytesPerSecond: 7},
	} {
		cmd, err := cli.Parse(append([]string{"mirror", "s3://from", "s3://to"}, strings.Fields(args)...), env, "")
		if err != nil || cmd.Mirror.Every != want.Every || cmd.Mirror.Verify != want.Verify || cmd.Mirror.Content != want.Content || cmd.Mirror.BytesPerSecond != want.BytesPerSecond {
			t.Errorf("%s: %+v, %v", args, cmd.Mirror, err)
		}
	}
	for args, mention := range map[string]string{
		"--limit x a b": "20M", "--limit -1M a b": "20M", "--limit 0 a b": "20M", "--limit NaN a b": "20M", "--watch=0s a b": "30s", "--watch=x a b": "30s", "--verify=x a b": "--verify=content",
		"--verify --delete a b": "compares only", "--verify --settings a b": "compares only", "--dry-run --watch a b": "once", "--versions=x a b": "versions", "--include= a b": "pattern",
		"": "a source and a target", "s3://one": "a source and a target", "a b c": "a source and a target", "--jobs 0 a b": "--jobs", "--jobs x a b": "jobs", "--quick a b": "quick",
	} {
		if _, err := cli.Parse(append([]string{"mirror"}, strings.Fields(args)...), env, ""); err == nil || !strings.Contains(err.Error(), mention) {
			t.Errorf("%s: %v", args, err)
		}
	}
	if cmd, err := cli.Parse([]string{"mirror", "--help"}, env, ""); err != nil || !cmd.Help {
		t.Errorf("help: %+v, %v", cmd, err)
	}
}
