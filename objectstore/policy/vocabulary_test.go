package policy

import "testing"

// TestWords: whoever picks from the words writes what Parse takes.
func TestWords(t *testing.T) {
	for _, w := range ActionWords() {
		if !Known(w.Name) || (w.On != "object" && w.On != "bucket" && w.On != "service") {
			t.Errorf("%+v", w)
		}
	}
	for name, want := range map[string]string{
		"GetObject": GroupRead, "ListBucket": GroupList, "PutObject": GroupWrite, "DeleteObject": GroupWrite, "GetObjectAcl": GroupPermissions,
		"PutBucketPolicy": GroupPermissions, "PutBucketPublicAccessBlock": GroupPermissions, "BypassGovernanceRetention": GroupPermissions, "AbortMultipartUpload": GroupWrite,
	} {
		if got := groupOf(name); got != want {
			t.Errorf("%s is in %s, want %s", name, got, want)
		}
	}
	seen := map[string]bool{}
	for _, w := range KeyWords() {
		name := w.Name
		if w.Tag {
			name += "/x"
		}
		if canonical, ok := canonicalKey(name); !ok || seen[canonical] {
			t.Errorf("%s is no key, or twice", name)
		} else {
			seen[canonical] = true
		}
		if len(OperatorsOf(w.Kind)) == 0 {
			t.Errorf("%s has no operators", w.Name)
		}
	}
	offered := map[string]bool{}
	for _, kind := range Kinds() {
		for _, name := range OperatorsOf(kind) {
			offered[name] = true
			if _, _, err := readOperator(name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for name := range operators {
		if !offered[name] && name != "BinaryEquals" { // for which there is no key
			t.Errorf("%s is offered for nothing", name)
		}
	}
}
