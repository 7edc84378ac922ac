package objectstore

import (
	"io"
	"strings"
	"testing"
)

// elsewhere is a store that keeps no versions.
type elsewhere struct{ Store }

// here is one that does.
type here struct {
	Store
	Versions
}

func TestDefaultSum(t *testing.T) {
	const digits, want = "123456789", "rosUhgp5mIg=" // the check value of CRC-64/NVME, ae8b14860a799888
	r := WithSum(here{}, PutRequest{Body: strings.NewReader(digits)})
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		t.Fatal(err)
	}
	var a Attributes
	if err := r.Finish(&a); err != nil || a.Checksums[SumCRC64NVME] != want {
		t.Errorf("%v, %v", a.Checksums, err)
	}
	a.Checksums = map[string]string{"crc32": "x"}
	if err := r.Finish(&a); err != nil || a.Checksums["crc32"] != "x" {
		t.Errorf("one that has a checksum got another: %v, %v", a.Checksums, err)
	}
	if r := WithSum(elsewhere{}, PutRequest{}); r.Finish != nil || SumFor(elsewhere{}) != nil {
		t.Error("a store that keeps none gets one")
	}
	if r := WithPartSum(elsewhere{}, PutPartRequest{}); r.Finish != nil {
		t.Error("a store that keeps none gets one of a part")
	}
}

func TestFinishUpload(t *testing.T) {
	part := func(body string) Part {
		r := WithPartSum(here{}, PutPartRequest{Body: strings.NewReader(body)})
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			t.Fatal(err)
		}
		p := Part{Size: int64(len(body)), Checksums: map[string]string{}}
		if err := r.Finish(p.Checksums); err != nil {
			t.Fatal(err)
		}
		return p
	}
	parts := []Part{part("1234"), part(""), part("56789")}
	var a Attributes
	if err := FinishUpload(&a, parts); err != nil || a.Checksums[SumCRC64NVME] != "rosUhgp5mIg=" {
		t.Errorf("%v, %v", a.Checksums, err)
	}
	for i, p := range parts {
		if len(p.Checksums) != 0 {
			t.Errorf("part %d keeps %v", i, p.Checksums)
		}
	}
	for name, parts := range map[string][]Part{
		"one has none": {{Size: 1}, part("1234")}, "one is broken": {{Size: 1, Checksums: map[string]string{PartSum: "AAAA"}}},
	} {
		a = Attributes{}
		if err := FinishUpload(&a, parts); err != nil || a.Checksums != nil {
			t.Errorf("%s: %v, %v", name, a.Checksums, err)
		}
	}
	a = Attributes{Checksums: map[string]string{"algorithm": "sha1"}}
	if err := FinishUpload(&a, []Part{part("x")}); err != nil || a.Checksums["algorithm"] != "sha1" {
		t.Errorf("what the upload promised is gone: %v, %v", a.Checksums, err)
	}
}

// BenchmarkFinishUpload joins the checksums of 10,000 parts of lengths of their own.
func BenchmarkFinishUpload(b *testing.B) {
	for b.Loop() {
		parts := make([]Part, MaxPartNumber)
		for i := range parts {
			parts[i] = Part{Number: i + 1, Size: int64(8<<20 + i), Checksums: map[string]string{PartSum: "AAAAAAAAAAE="}}
		}
		if err := FinishUpload(&Attributes{}, parts); err != nil {
			b.Fatal(err)
		}
	}
}
