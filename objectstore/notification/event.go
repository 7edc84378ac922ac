package notification

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
)

// Event is one thing that happened, as it is kept and handed to Croft's own targets.
type Event struct {
	Name         Name   `json:"n"`
	Rule         string `json:"r,omitempty"` // the ID of the rule that wanted it
	Owner        string `json:"o,omitempty"` // of the bucket
	Bucket       string `json:"b"`
	Key          string `json:"k"`
	Size         int64  `json:"s,omitempty"`
	ETag         string `json:"e,omitempty"`
	VersionID    string `json:"v,omitempty"`
	ContentType  string `json:"c,omitempty"`
	Sequencer    string `json:"q"`
	Milliseconds int64  `json:"t"` // since 1970
	User         string `json:"u,omitempty"`
	UserID       string `json:"i,omitempty"`
	Address      string `json:"a,omitempty"`
	RequestID    string `json:"x,omitempty"`
	// Until is when the copy goes that was made of what a tier keeps, in milliseconds since
	// 1970, and Tier that tier.
	Until int64  `json:"w,omitempty"`
	Tier  string `json:"l,omitempty"`
}

// testEvent is the name of what S3 sends to a target that is configured.
const testEvent Name = "s3:TestEvent"

// Time is when it happened.
func (e *Event) Time() time.Time { return time.UnixMilli(e.Milliseconds).UTC() }

// eventOf makes the event of a change.
func eventOf(name Name, rule string, h *objectstore.Happening, from *objectstore.Origin) Event {
	o := &h.Object
	e := Event{
		Name: name, Rule: rule, Owner: h.Owner, Bucket: o.Bucket, Key: o.Key, VersionID: o.VersionID, Sequencer: fmt.Sprintf("%016X", h.Sequencer),
		Milliseconds: time.Now().UnixMilli(), User: from.User, UserID: from.UserID, Address: from.Address, RequestID: from.RequestID,
	}
	if h.What != objectstore.HappenedDelete && h.What != objectstore.HappenedMarker {
		e.Size, e.ETag, e.ContentType = o.Size, o.ETag, o.Attributes.ContentType
	}
	if h.What == objectstore.HappenedRestored {
		e.Until, e.Tier = o.Restore.Until.UnixMilli(), o.Tier
	}
	return e
}

func (e *Event) text() string {
	text, err := json.Marshal(e)
	if err != nil {
		return "" // there is nothing in it that cannot be written
	}
	return string(text)
}

func parseEvent(text string) (e Event, err error) {
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return e, errs.Wrap(err, errs.Internal, "event_unreadable", "The event cannot be read.")
	}
	return e, nil
}

// What S3 says of an event, in its own words and order.
type (
	envelope struct {
		EventName Name     `json:"EventName"`
		Key       string   `json:"Key"`
		Records   []record `json:"Records"`
	}
	record struct {
		EventVersion      string            `json:"eventVersion"`
		EventSource       string            `json:"eventSource"`
		AWSRegion         string            `json:"awsRegion"`
		EventTime         string            `json:"eventTime"`
		EventName         string            `json:"eventName"`
		UserIdentity      identity          `json:"userIdentity"`
		RequestParameters map[string]string `json:"requestParameters"`
		ResponseElements  map[string]string `json:"responseElements"`
		S3                entity            `json:"s3"`
		Glacier           *glacier          `json:"glacierEventData,omitempty"`
	}
	glacier struct {
		Restore restored `json:"restoreEventData"`
	}
	restored struct {
		Expiry string `json:"lifecycleRestorationExpiryTime"`
		Class  string `json:"lifecycleRestoreStorageClass"`
	}
	identity struct {
		PrincipalID string `json:"principalId"`
	}
	entity struct {
		SchemaVersion   string     `json:"s3SchemaVersion"`
		ConfigurationID string     `json:"configurationId"`
		Bucket          bucketJSON `json:"bucket"`
		Object          objectJSON `json:"object"`
	}
	bucketJSON struct {
		Name          string   `json:"name"`
		OwnerIdentity identity `json:"ownerIdentity"`
		ARN           string   `json:"arn"`
	}
	objectJSON struct {
		Key         string `json:"key"`
		Size        *int64 `json:"size,omitempty"`
		ETag        string `json:"eTag,omitempty"`
		ContentType string `json:"contentType,omitempty"`
		VersionID   string `json:"versionId,omitempty"`
		Sequencer   string `json:"sequencer"`
	}
)

// timeFormat is S3's.
const timeFormat = "2006-01-02T15:04:05.000Z"

// record is S3's record of the event. Live listeners, who speak MinIO's protocol, find
// its whole name there; AWS leaves the beginning out.
func (e *Event) record(live bool) record {
	principal := e.User
	switch {
	case principal == "" && e.Address == "":
		principal = "croft" // itself
	case principal == "":
		principal = "Anonymous"
	}
	r := record{
		EventVersion: "2.1", EventSource: "aws:s3", AWSRegion: "us-east-1", EventTime: e.Time().Format(timeFormat),
		EventName: string(e.Name), UserIdentity: identity{principal},
		RequestParameters: map[string]string{"sourceIPAddress": e.Address},
		ResponseElements:  map[string]string{"x-amz-request-id": e.RequestID, "x-amz-id-2": e.RequestID},
		S3: entity{
			SchemaVersion: "1.0", ConfigurationID: e.Rule,
			Bucket: bucketJSON{e.Bucket, identity{"croft"}, "arn:aws:s3:::" + e.Bucket},
			Object: objectJSON{Key: escapeKey(e.Key), ETag: e.ETag, ContentType: e.ContentType, VersionID: e.VersionID, Sequencer: e.Sequencer},
		},
	}
	if !live {
		r.EventName = strings.TrimPrefix(r.EventName, "s3:")
	}
	if e.Until != 0 {
		r.Glacier = &glacier{restored{time.UnixMilli(e.Until).UTC().Format(timeFormat), e.Tier}}
	}
	if e.ETag != "" {
		r.S3.Object.Size = &e.Size
	}
	return r
}

// Line is what a listener is sent.
func (e *Event) Line() ([]byte, error) {
	return json.Marshal(struct {
		Records []record
	}{[]record{e.record(true)}})
}

// escapeKey writes a key as S3 does in events: a form's value, with its slashes.
func escapeKey(key string) string {
	return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/")
}

// JSON is what a webhook is sent.
func (e *Event) JSON() ([]byte, error) {
	if e.Name == testEvent {
		return json.Marshal(struct {
			Service, Event, Time, Bucket string
			RequestID                    string `json:"RequestId"`
			HostID                       string `json:"HostId"`
		}{"Amazon S3", string(testEvent), e.Time().Format(timeFormat), e.Bucket, e.RequestID, "croft"})
	}
	return json.Marshal(envelope{e.Name, e.Bucket + "/" + e.Key, []record{e.record(false)}})
}
