package iamapi_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"croft/account/iamapi"
)

// TestDocument holds docs/iam.md to the calls that are answered.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/iam.md")
	if err != nil {
		t.Fatal(err)
	}
	table := regexp.MustCompile(`(?m)^\| .*\| ((?:[A-Z][A-Za-z]+(?:, )?)+) \|$`).FindAllStringSubmatch(string(text), -1)
	var said []string
	for _, row := range table {
		said = append(said, regexp.MustCompile(`[A-Z][A-Za-z]+`).FindAllString(row[1], -1)...)
	}
	said = slices.DeleteFunc(said, func(s string) bool { return s == "Calls" || s == "Lasts" })
	var answered []string
	for _, c := range iamapi.Calls() {
		answered = append(answered, c.Name)
	}
	slices.Sort(said)
	slices.Sort(answered)
	if !slices.Equal(said, answered) {
		t.Errorf("docs/iam.md says\n%v\nanswered are\n%v", said, answered)
	}
}
