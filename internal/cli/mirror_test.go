package cli_test

import (
	"strings"
	"testing"

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
		if err != nil || cmd.Mirror == nil || *cmd.Mirror != want {
			t.Errorf("%s: %+v, %v", args, cmd.Mirror, err)
		}
	}
	for args, mention := range map[string]string{
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
