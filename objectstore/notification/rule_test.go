package notification

import (
	"strings"
	"testing"
)

func document(inner string) []byte {
	return []byte(`<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` + inner + `</NotificationConfiguration>`)
}

const hookARN = "arn:croft:sqs::hook:webhook"

func queueXML(inner string) string {
	return "<QueueConfiguration><Queue>" + hookARN + "</Queue>" + inner + "</QueueConfiguration>"
}

func filterXMLOf(name, value string) string {
	return "<Filter><S3Key><FilterRule><Name>" + name + "</Name><Value>" + value + "</Value></FilterRule></S3Key></Filter>"
}

func TestParse(t *testing.T) {
	rules, err := Parse(document(
		`<QueueConfiguration><Id>one</Id><Queue>arn:minio:sqs:eu:hook:webhook</Queue><Event>s3:ObjectCreated:*</Event>` + filterXMLOf("Prefix", "a/") + `</QueueConfiguration>` +
			`<TopicConfiguration><Topic>arn:croft:room::project</Topic><Event>s3:ObjectRemoved:Delete</Event>` + filterXMLOf("suffix", ".jpg") + `</TopicConfiguration>` +
			`<CloudFunctionConfiguration><Id>three</Id><CloudFunction>arn:croft:pipeline::shop:feature/x</CloudFunction><Event>s3:LifecycleTransition</Event></CloudFunctionConfiguration>`))
	if err != nil || len(rules) != 3 {
		t.Fatalf("%+v, %v", rules, err)
	}
	if rules[0].Target() != (Target{Kind: Webhook, Name: "hook"}) || rules[0].Prefix != "a/" || len(rules[0].names) != 4 || rules[1].ID == "" ||
		rules[2].Target() != (Target{Kind: Pipeline, Name: "shop", Branch: "feature/x"}) {
		t.Fatalf("%+v", rules)
	}
	again, err := Parse([]byte(rules.String()))
	if err != nil || again.String() != rules.String() || !strings.Contains(rules.String(), "arn:minio:sqs:eu:hook:webhook") {
		t.Fatalf("%s, %v", rules, err)
	}
	if none, err := Parse(document("")); err != nil || len(none) != 0 {
		t.Fatalf("%v, %v", none, err)
	}
}

func TestParseRefuses(t *testing.T) {
	const event = "<Event>s3:ObjectCreated:Put</Event>"
	for name, x := range map[string]struct {
		inner string
		want  error
		part  string
	}{
		"no XML":                 {"<", ErrMalformed, ""},
		"unknown element":        {"<Other/>", ErrMalformed, "Other"},
		"EventBridge":            {"<EventBridgeConfiguration/>", ErrUnsupported, "EventBridge"},
		"no event":               {queueXML(""), ErrMalformed, "event"},
		"no target":              {"<QueueConfiguration>" + event + "</QueueConfiguration>", ErrInvalid, "target"},
		"foreign ARN":            {"<QueueConfiguration><Queue>arn:aws:sqs:us-east-1:1:q</Queue>" + event + "</QueueConfiguration>", ErrInvalid, "arn:aws:sqs:us-east-1:1:q is no target"},
		"unknown event":          {queueXML("<Event>s3:Nothing</Event>"), ErrInvalid, "s3:Nothing"},
		"event of all":           {queueXML("<Event>s3:*</Event>"), ErrInvalid, "s3:*"},
		"event without facts":    {queueXML("<Event>s3:ObjectAccessed:*</Event>"), ErrUnsupported, "s3:ObjectCreated:*"},
		"unknown beside reads":   {queueXML("<Event>s3:ObjectAccessed:*</Event><Event>s3:Nothing</Event>"), ErrInvalid, "s3:Nothing"},
		"others beside restores": {queueXML(event + "<Event>s3:ObjectRestore:*</Event><Event>s3:Replication:*</Event>"), ErrUnsupported, "s3:Replication"},
		"event twice":            {queueXML(event + "<Event>s3:ObjectCreated:*</Event>"), ErrInvalid, "twice"},
		"filter by size":         {queueXML(event + filterXMLOf("size", "1")), ErrInvalid, "prefix or suffix"},
		"two prefixes": {queueXML(event + "<Filter><S3Key><FilterRule><Name>prefix</Name><Value>a</Value></FilterRule>" +
			"<FilterRule><Name>Prefix</Name><Value>b</Value></FilterRule></S3Key></Filter>"), ErrInvalid, "more than one prefix"},
		"the same ID":         {queueXML("<Id>x</Id>"+event) + queueXML("<Id>x</Id><Event>s3:ObjectRemoved:*</Event>"), ErrInvalid, "ID"},
		"overlap":             {queueXML(event+filterXMLOf("prefix", "a")) + queueXML(event+filterXMLOf("prefix", "ab")), ErrInvalid, "overlapping"},
		"overlap of suffixes": {queueXML(event+filterXMLOf("suffix", ".jpg")) + queueXML(event+filterXMLOf("suffix", "x.jpg")), ErrInvalid, "overlapping"},
		"long prefix":         {queueXML(event + filterXMLOf("prefix", strings.Repeat("a", 1025))), ErrInvalid, "1024"},
		"two queues":          {"<QueueConfiguration><Queue>" + hookARN + "</Queue><Queue>" + hookARN + "</Queue>" + event + "</QueueConfiguration>", ErrMalformed, "Queue"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(document(x.inner))
			wantCode(t, err, x.want, x.part)
		})
	}
	for _, fine := range []string{
		queueXML(event+filterXMLOf("prefix", "a")) + queueXML(event+filterXMLOf("prefix", "b")),
		queueXML(event+filterXMLOf("suffix", "a")) + queueXML(event+filterXMLOf("suffix", "b")),
		queueXML(event) + queueXML("<Event>s3:ObjectRemoved:*</Event>"),
	} {
		if _, err := Parse(document(fine)); err != nil {
			t.Error(err)
		}
	}
	// What mc asks for when it is not told which events.
	rules, err := Parse(document(queueXML("<Event>s3:ObjectCreated:*</Event><Event>s3:ObjectRemoved:*</Event><Event>s3:ObjectAccessed:*</Event>")))
	if err != nil || len(rules[0].names) != 6 || !strings.Contains(rules.String(), "<Event>s3:ObjectAccessed:*</Event>") {
		t.Errorf("%+v, %v", rules, err)
	}
	if _, err := Parse([]byte("<Other/>")); err == nil {
		t.Error("another document was taken")
	}
	if _, err := Parse(append(document(""), "<x/>"...)); err == nil {
		t.Error("something behind it was taken")
	}
}

func TestTargets(t *testing.T) {
	for _, arn := range []string{"arn:croft:pipeline::shop", "arn:croft:room::project"} {
		if is, err := ParseTarget(arn + ":"); err != nil || is.ARN() != arn {
			t.Errorf("%s:, as mc wants it: %+v, %v", arn, is, err)
		}
	}
	for _, arn := range []string{hookARN, "arn:croft:pipeline::shop", "arn:croft:pipeline::shop:feature/x", "arn:croft:room::project"} {
		is, err := ParseTarget(arn)
		if err != nil || is.ARN() != arn {
			t.Errorf("%s: %+v, %v", arn, is, err)
		}
		for _, p := range []place{{"bucket", "", is, ""}, {"bucket", "0a", is, ""}, {"bucket", "0a", is, unreadable}, {"bucket", "", is, summing}} {
			back, err := parsePlace(p.String())
			if err != nil || back != p || strings.Count(p.String(), "/") != 1 {
				t.Errorf("%s: %+v %v", p, back, err)
			}
		}
	}
	for _, arn := range []string{
		"", "arn", "arn:croft:sqs::hook", "arn:croft:sqs::a/b:webhook", "arn:croft:sqs::a:kafka", "arn:minio:pipeline::shop", "arn:croft:pipeline:x:shop",
		"arn:croft:pipeline::", "arn:croft:room::other", "arn:croft:room::project:x", "arn:croft:sqs::" + strings.Repeat("a", 65) + ":webhook",
	} {
		if is, err := ParseTarget(arn); err == nil {
			t.Errorf("%s: %+v", arn, is)
		}
	}
}

func TestPlacesOfOthers(t *testing.T) {
	for _, name := range []string{"", "bucket", "bucket/", "bucket/x", "bucket/" + hookARN + ";1;newer", "bucket/" + hookARN + ";1;;", "bucket/" + hookARN + ";", "bucket/arn:minio:sqs::hook:webhook", "bucket/%zz"} {
		if p, err := parsePlace(name); err == nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func TestMatches(t *testing.T) {
	r := Rule{ID: "r", ARN: hookARN, Events: []string{"s3:ObjectCreated:*"}, Prefix: "a/", Suffix: "/z"}
	if err := (Rules{r}).check(); err != nil {
		t.Fatal(err)
	}
	r.names = []Name{CreatedPut}
	for key, want := range map[string]bool{"a/z": true, "a/b/z": true, "a//z": true, "b/z": false, "a/y": false, "a/": false} {
		if r.matches(CreatedPut, key) != want {
			t.Errorf("%s: want %v", key, want)
		}
	}
	if r.matches(RemovedDelete, "a/b/z") {
		t.Error("another event matches")
	}
}
