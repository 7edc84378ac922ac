package s3api

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"net/http"
	"slices"
	"strings"

	"croft/objectstore"
	"croft/objectstore/inventory"
	"croft/objectstore/policy"
)

// inventoryOperations are the calls about inventory reports.
var inventoryOperations = []operation{
	{"GetBucketInventoryConfiguration", http.MethodGet, onBucket, "inventory&id", "", ReadBucket, (*Handler).getInventory},
	{"ListBucketInventoryConfigurations", http.MethodGet, onBucket, "inventory", "", ReadBucket, (*Handler).listInventories},
	{"PutBucketInventoryConfiguration", http.MethodPut, onBucket, "inventory&id", "", WriteBucket, (*Handler).putInventory},
	{"DeleteBucketInventoryConfiguration", http.MethodDelete, onBucket, "inventory&id", "", WriteBucket, (*Handler).deleteInventory},
}

// inventoryPage is how many configurations are listed at once, as in S3.
const inventoryPage = 100

func (h *Handler) getInventory(q *request) error {
	c, err := h.inventory.Get(q.r.Context(), q.bucket, q.query.Get("id"))
	if err != nil {
		return err
	}
	writeXML(q.w, http.StatusOK, struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ InventoryConfiguration"`
		inventoryXML
	}{inventoryXML: newInventoryXML(&c)})
	return nil
}

func (h *Handler) listInventories(q *request) error {
	if _, err := h.store.Bucket(q.r.Context(), q.bucket); err != nil {
		return err
	}
	all, err := h.inventory.All(q.r.Context(), q.bucket)
	if err != nil {
		return err
	}
	token := q.query.Get("continuation-token")
	if token != "" {
		after, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil {
			return fail("InvalidArgument", "The continuation token provided is incorrect")
		}
		all = slices.DeleteFunc(all, func(c inventory.Configuration) bool { return c.ID <= string(after) })
	}
	answer := struct {
		XMLName   xml.Name       `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListInventoryConfigurationsResult"`
		Token     string         `xml:"ContinuationToken,omitempty"`
		All       []inventoryXML `xml:"InventoryConfiguration"`
		Truncated bool           `xml:"IsTruncated"`
		Next      string         `xml:"NextContinuationToken,omitempty"`
	}{Token: token, Truncated: len(all) > inventoryPage}
	for i := range all[:min(len(all), inventoryPage)] {
		answer.All = append(answer.All, newInventoryXML(&all[i]))
	}
	if answer.Truncated {
		answer.Next = base64.RawURLEncoding.EncodeToString([]byte(all[inventoryPage-1].ID))
	}
	writeXML(q.w, http.StatusOK, answer)
	return nil
}

func (h *Handler) putInventory(q *request) error {
	data, err := q.body.readAll(maxSetting)
	if err != nil {
		return err
	}
	c, err := readInventory(data)
	if err != nil {
		return err
	}
	if c.ID != q.query.Get("id") {
		return fail("IdMismatch", "Document ID does not match the specified configuration ID.")
	}
	if !h.inventory.Available() {
		return inventory.ErrUnavailable
	}
	if err := h.mayReportTo(q, &c); err != nil {
		return err
	}
	if err := h.inventory.Set(q.r.Context(), q.bucket, c); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}

// mayReportTo refuses a bucket that is not the source's owner's, or that who asks for
// reports may not write to.
func (h *Handler) mayReportTo(q *request, c *inventory.Configuration) error {
	source, err := h.store.Bucket(q.r.Context(), q.bucket)
	if err != nil {
		return err
	}
	to, err := h.store.Bucket(q.r.Context(), c.Bucket)
	if errors.Is(err, objectstore.ErrBucketNotFound) {
		return fail("InvalidS3DestinationBucket", "The destination bucket does not exist.")
	}
	if err != nil {
		return err
	}
	if source.Owner != to.Owner {
		return fail("InvalidS3DestinationBucket", "The owner of the source bucket and of the destination bucket must be the same.")
	}
	return h.authorize(q, q.ask(WriteObject, "s3:PutObject", c.Bucket, c.Prefix, ""))
}

func (h *Handler) deleteInventory(q *request) error {
	if _, err := q.body.readAll(maxSetting); err != nil {
		return err
	}
	if err := h.inventory.Remove(q.r.Context(), q.bucket, q.query.Get("id")); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}

// readInventory reads a configuration and holds it to S3's rules.
func readInventory(data []byte) (c inventory.Configuration, err error) {
	root, err := readElement(data, "InventoryConfiguration")
	if err != nil {
		return c, err
	}
	var id, on, versions, frequency, arn, account, prefix, format *string
	var to, bucket, schedule, filter, fields *struct{}
	var filterPrefix *string
	in := func(once **struct{}, known map[string]func(*element) error) func(*element) error {
		return alone(once, func(*struct{}) map[string]func(*element) error { return known })
	}
	err = root.fields(map[string]func(*element) error{
		"Id": perhaps(&id), "IsEnabled": perhaps(&on), "IncludedObjectVersions": perhaps(&versions),
		"Filter":         in(&filter, map[string]func(*element) error{"Prefix": perhaps(&filterPrefix)}),
		"Schedule":       in(&schedule, map[string]func(*element) error{"Frequency": perhaps(&frequency)}),
		"OptionalFields": in(&fields, map[string]func(*element) error{"Field": each(&c.Fields)}),
		"Destination": in(&to, map[string]func(*element) error{"S3BucketDestination": in(&bucket, map[string]func(*element) error{
			"AccountId": perhaps(&account), "Bucket": perhaps(&arn), "Format": perhaps(&format), "Prefix": perhaps(&prefix),
			"Encryption": func(e *element) error {
				if c.Encrypt = true; len(e.children) != 1 {
					return errMalformedXML()
				}
				return e.fields(map[string]func(*element) error{
					"SSE-S3": func(e *element) error { return e.fields(nil) },
					"SSE-KMS": func(e *element) error {
						err := e.fields(map[string]func(*element) error{"KeyId": once(&c.KeyID)})
						if err == nil && c.KeyID == "" {
							err = errMalformedXML()
						}
						return err
					},
				})
			},
		})}),
	})
	if err != nil {
		return c, err
	}
	for _, needed := range []*string{id, on, versions, frequency, arn, format} {
		if needed == nil {
			return c, errMalformedXML()
		}
	}
	c.ID = *id
	var known bool
	if c.Enabled, known = map[string]bool{"true": true, "false": false}[*on]; !known {
		return c, errMalformedXML()
	}
	if c.All, known = map[string]bool{"All": true, "Current": false}[*versions]; !known {
		return c, errMalformedXML()
	}
	if c.Weekly, known = map[string]bool{"Weekly": true, "Daily": false}[*frequency]; !known {
		return c, errMalformedXML()
	}
	switch c.Format = inventory.Format(*format); c.Format {
	case inventory.CSV, inventory.Parquet:
	case "ORC":
		return c, fail("NotImplemented", "Reports are written as CSV or Parquet. ORC is not implemented.")
	default:
		return c, errMalformedXML()
	}
	if c.Bucket, known = strings.CutPrefix(*arn, bucketARN); !known || objectstore.ValidateBucketName(c.Bucket) != nil {
		return c, fail("InvalidS3DestinationBucket", "Invalid bucket ARN.")
	}
	if account != nil {
		if c.Account = *account; c.Account != policy.Account && c.Account != ownerID {
			return c, fail("InvalidS3DestinationBucket", "The destination bucket has another owner than AccountId says.")
		}
	}
	if prefix != nil {
		c.Prefix = *prefix
	}
	if filterPrefix != nil {
		c.Filter = *filterPrefix
	}
	for _, f := range c.Fields {
		if !slices.Contains(inventory.Fields, f) {
			return c, errMalformedXML()
		}
	}
	return c, c.Validate()
}

const bucketARN = "arn:aws:s3:::"

type inventoryXML struct {
	To struct {
		Account    string         `xml:"AccountId,omitempty"`
		Bucket     string         `xml:"Bucket"`
		Format     string         `xml:"Format"`
		Prefix     string         `xml:"Prefix,omitempty"`
		Encryption *encryptionXML `xml:"Encryption"`
	} `xml:"Destination>S3BucketDestination"`
	Enabled   bool                `xml:"IsEnabled"`
	Filter    *inventoryFilterXML `xml:"Filter"`
	ID        string              `xml:"Id"`
	Versions  string              `xml:"IncludedObjectVersions"`
	Fields    *inventoryFieldsXML `xml:"OptionalFields"`
	Frequency string              `xml:"Schedule>Frequency"`
}

type inventoryFilterXML struct {
	Prefix string `xml:"Prefix"`
}

type inventoryFieldsXML struct {
	Fields []string `xml:"Field"`
}

type encryptionXML struct {
	Store *struct{} `xml:"SSE-S3"`
	Named *namedXML `xml:"SSE-KMS"`
}

type namedXML struct {
	KeyID string `xml:"KeyId"`
}

func newInventoryXML(c *inventory.Configuration) inventoryXML {
	x := inventoryXML{Enabled: c.Enabled, ID: c.ID, Versions: "Current", Frequency: "Daily"}
	x.To.Account, x.To.Bucket, x.To.Format, x.To.Prefix = c.Account, bucketARN+c.Bucket, string(c.Format), c.Prefix
	switch {
	case c.KeyID != "":
		x.To.Encryption = &encryptionXML{Named: &namedXML{c.KeyID}}
	case c.Encrypt:
		x.To.Encryption = &encryptionXML{Store: &struct{}{}}
	}
	if c.All {
		x.Versions = "All"
	}
	if c.Weekly {
		x.Frequency = "Weekly"
	}
	if c.Filter != "" {
		x.Filter = &inventoryFilterXML{c.Filter}
	}
	if len(c.Fields) > 0 {
		x.Fields = &inventoryFieldsXML{c.Fields}
	}
	return x
}
