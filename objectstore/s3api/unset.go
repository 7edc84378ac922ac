package s3api

import (
	"encoding/xml"
	"net/http"
)

// unsetOperations are the calls about settings that no bucket here can have. Tools that
// manage buckets read them all the same, again and again, so each answer is AWS's of a
// bucket where the setting was never made. What would make it is refused: see
// refusedCalls in the tests.
var unsetOperations = append(append(append([]operation{
	{"GetBucketMetadataConfiguration", http.MethodGet, onBucket, "metadataConfiguration", "", ReadBucket, missing("MetadataConfigurationNotFound", noMetadata)},
	{"DeleteBucketMetadataConfiguration", http.MethodDelete, onBucket, "metadataConfiguration", "", WriteBucket, missing("MetadataConfigurationNotFound", noMetadata)},
	{"GetBucketMetadataTableConfiguration", http.MethodGet, onBucket, "metadataTable", "", ReadBucket, missing("MetadataConfigurationNotFound", noMetadata)},
	{"DeleteBucketMetadataTableConfiguration", http.MethodDelete, onBucket, "metadataTable", "", WriteBucket, missing("MetadataConfigurationNotFound", noMetadata)},
},
	unsetList("Analytics", "analytics", "ListBucketAnalyticsConfigurationResult")...),
	unsetList("IntelligentTiering", "intelligent-tiering", "ListBucketIntelligentTieringConfigurationsOutput")...),
	unsetList("Metrics", "metrics", "ListMetricsConfigurationsResult")...)

const noMetadata = "The metadata table configuration does not exist."

// unsetList are the calls about a kind of setting that a bucket may have several of,
// each with an ID. list is the root of the document that lists them.
func unsetList(kind, query, list string) []operation {
	none := missing("NoSuchConfiguration", "The specified configuration does not exist.")
	return []operation{
		{"GetBucket" + kind + "Configuration", http.MethodGet, onBucket, query + "&id", "", ReadBucket, none},
		{"ListBucket" + kind + "Configurations", http.MethodGet, onBucket, query, "", ReadBucket, (&emptyList{list}).answer},
		{"DeleteBucket" + kind + "Configuration", http.MethodDelete, onBucket, query + "&id", "", WriteBucket, none},
	}
}

// missing answers that a setting was never made, once the bucket is known to exist.
func missing(code, message string) func(*Handler, *request) error {
	return func(h *Handler, q *request) error {
		if _, err := q.body.readAll(maxSetting); err != nil {
			return err
		}
		if _, err := h.store.Bucket(q.r.Context(), q.bucket); err != nil {
			return err
		}
		return fail(code, message)
	}
}

// emptyList answers with a list of no settings.
type emptyList struct{ root string }

func (l *emptyList) answer(h *Handler, q *request) error {
	if _, err := h.store.Bucket(q.r.Context(), q.bucket); err != nil {
		return err
	}
	writeXML(q.w, http.StatusOK, struct {
		XMLName   xml.Name
		Truncated bool `xml:"IsTruncated"`
	}{XMLName: xml.Name{Space: xmlNamespace, Local: l.root}})
	return nil
}
