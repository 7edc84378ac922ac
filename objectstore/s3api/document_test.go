package s3api

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"croft/objectstore"
)

// The documents as encoding/xml writes them: the measure of those put together by hand.

type objectXML struct {
	Key               string    `xml:"Key"`
	LastModified      string    `xml:"LastModified"`
	ETag              string    `xml:"ETag"`
	ChecksumAlgorithm string    `xml:"ChecksumAlgorithm,omitempty"`
	ChecksumType      string    `xml:"ChecksumType,omitempty"`
	Size              int64     `xml:"Size"`
	Owner             *ownerXML `xml:"Owner,omitempty"`
	StorageClass      string    `xml:"StorageClass"`
}

type contentsXML struct {
	XMLName  xml.Name    `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Contents []objectXML `xml:"Contents"`
	Prefixes []prefixXML `xml:"CommonPrefixes"`
}

type sampleXML struct {
	XMLName  xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ Sample"`
	Text     string   `xml:"Text"`
	Optional string   `xml:"Optional,omitempty"`
	Number   int64    `xml:"Number"`
	Flag     bool     `xml:"Flag"`
}

func marshal(t *testing.T, document any) string {
	t.Helper()
	text, err := xml.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return xml.Header + string(text)
}

func checkDocument(t *testing.T, text string) {
	t.Helper()
	d := newDocument("Sample")
	defer d.free()
	d.element("Text", text)
	d.optional("Optional", text)
	d.number("Number", int64(len(text))-3)
	d.boolean("Flag", len(text) > 3)
	w := httptest.NewRecorder()
	d.send(w, 200)
	if want := marshal(t, sampleXML{Text: text, Optional: text, Number: int64(len(text)) - 3, Flag: len(text) > 3}); w.Body.String() != want {
		t.Errorf("%q\ngot  %q\nwant %q", text, w.Body.String(), want)
	}
	if w.Header().Get("Content-Length") != fmt.Sprint(w.Body.Len()) {
		t.Errorf("%q: Content-Length %s of %d", text, w.Header().Get("Content-Length"), w.Body.Len())
	}
}

var awkward = []string{
	"", "plain", `a "b" 'c' & <d> ]]>`, "tab\tline\nreturn\r", "\x00\x01\x1f\x7f", "照片\u2028", "\xff\xfe", "a\xc3", "\ufffd", "\ufffe\uffff", "\U0001F600",
}

func TestDocumentsAreAsEncodingXMLWritesThem(t *testing.T) {
	for _, text := range awkward {
		checkDocument(t, text)
	}
}

func FuzzDocument(f *testing.F) {
	for _, text := range awkward {
		f.Add(text)
	}
	f.Fuzz(checkDocument)
}

func checkContents(t *testing.T, key, etag, checksum, kind string, size, seconds int64, url, withOwner bool) {
	t.Helper()
	o := objectstore.Object{Key: key, ETag: etag, Size: size, ModifiedAt: time.Unix(seconds%4e9, 5e6).In(time.FixedZone("east", 3600))}
	if checksum != "" {
		o.Attributes.Checksums = map[string]string{checksum: "value", keptType: kind}
	}
	page := objectstore.ListPage{Objects: []objectstore.Object{o, o}, Prefixes: []string{key + "/", etag}}
	var l listing
	if url {
		l.encoding = "url"
	}
	var want contentsXML
	for _, o := range page.Objects {
		x := objectXML{Key: l.encode(o.Key), LastModified: xmlTime(o.ModifiedAt), ETag: quoted(o.ETag), Size: o.Size, StorageClass: "STANDARD"}
		if a, _ := keptChecksum(o.Attributes.Checksums); a != nil {
			x.ChecksumAlgorithm, x.ChecksumType = a.name, o.Attributes.Checksums[keptType]
		}
		if withOwner {
			x.Owner = &owner
		}
		want.Contents = append(want.Contents, x)
	}
	want.Prefixes = l.prefixes(page.Prefixes)
	d := newDocument("ListBucketResult")
	defer d.free()
	if err := d.contents(&l, &page, withOwner); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	d.send(w, 200)
	if want := marshal(t, want); w.Body.String() != want {
		t.Errorf("got  %q\nwant %q", w.Body.String(), want)
	}
}

func TestListingsAreAsEncodingXMLWritesThem(t *testing.T) {
	for _, text := range awkward {
		for _, checksum := range []string{"", "crc32", "sha256", "unknown"} {
			checkContents(t, text, text, checksum, text, int64(len(text)), 1e9, false, true)
			checkContents(t, text, "abc-3", checksum, typeComposite, -1, -5, true, false)
		}
	}
}

func FuzzListing(f *testing.F) {
	f.Add("key", "etag", "crc32", typeFullObject, int64(5), int64(1e9), true, true)
	f.Fuzz(checkContents)
}

// TestParseDeleteReadsWhatClientsSend says which documents take the short way.
func TestParseDeleteReadsWhatClientsSend(t *testing.T) {
	for name, text := range map[string]string{
		"boto3":    `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a</Key></Object><Object><Key>b &amp; c</Key><VersionId>null</VersionId></Object><Quiet>true</Quiet></Delete>`,
		"minio-go": `<Delete><Quiet>false</Quiet><Object><Key>a</Key></Object></Delete>`,
		"indented": "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Delete>\n\t<Object>\n\t\t<Key> 照片 </Key>\n\t</Object>\n</Delete>\n",
		"nothing":  "<Delete></Delete>",
		"all five": "<Delete><Object><Key>&lt;&gt;&amp;&quot;&apos;&amp;lt;</Key><ETag>x</ETag></Object></Delete>",
	} {
		if _, ok := parseDelete(text); !ok {
			t.Errorf("%s takes the long way", name)
		}
		checkParseDelete(t, text)
	}
}

// checkParseDelete holds the short way to the long one, where it takes it.
func checkParseDelete(t *testing.T, text string) {
	t.Helper()
	got, ok := parseDelete(text)
	if !ok {
		return
	}
	var want deleteXML
	if err := xml.Unmarshal([]byte(text), &want); err != nil {
		t.Fatalf("%q was read, but is refused: %v", text, err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%q\ngot  %+v\nwant %+v", text, got, want)
	}
}

func FuzzParseDelete(f *testing.F) {
	object := func(inside string) string { return "<Delete><Object>" + inside + "</Object></Delete>" }
	for _, text := range append(awkward, "&lt;&#65;", "&nbsp;", "a</Key>", "]]>", "<![CDATA[x]]>", "<!-- x -->", "&", "&lt") {
		f.Add(object("<Key>" + text + "</Key>"))
	}
	for _, text := range []string{
		object(""), object("<Key>a</Key><Key>b</Key>"), object("<Other>x</Other>"), object(`<Key x="y">a</Key>`), object("text"),
		"<Delete><Quiet>true</Quiet><Quiet>false</Quiet></Delete>", "<Delete><Quiet>1</Quiet></Delete>", "<Delete/>", "<Delete></Delete>x",
		"<?xml version=\"1.0\" encoding=\"latin1\"?><Delete></Delete>", "<Delete>" + strings.Repeat("<Object><Key>k</Key></Object>", 3) + "</Delete>",
	} {
		f.Add(text)
	}
	f.Fuzz(checkParseDelete)
}

func TestTimesAreAsTheLayoutSays(t *testing.T) {
	for _, at := range []time.Time{
		{}, time.Unix(0, 0), time.Unix(-1, 999e6), time.Date(2026, 11, 2, 3, 4, 5, 6e6, time.FixedZone("east", 5400)),
		time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), time.Date(12345, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		if got, want := string(appendTime(nil, at)), xmlTime(at); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// The memory of a document is used again; what was sent must not change with it.
func TestDocumentsAreSentBeforeTheyAreFreed(t *testing.T) {
	var sent [][]byte
	for i := range 3 {
		d := newDocument("Sample")
		d.element("Text", strings.Repeat(fmt.Sprint(i), 10))
		w := httptest.NewRecorder()
		d.send(w, 200)
		d.free()
		sent = append(sent, w.Body.Bytes())
	}
	for i, text := range sent {
		if !bytes.Contains(text, []byte(strings.Repeat(fmt.Sprint(i), 10))) {
			t.Errorf("document %d became %s", i, text)
		}
	}
}
