package s3api

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strconv"
	"time"
)

const (
	xmlNamespace = "http://s3.amazonaws.com/doc/2006-03-01/"
	maxXML       = 4 << 20
	ownerID      = "croft"
)

type ownerXML struct {
	ID          string `xml:"ID"`
	DisplayName string `xml:"DisplayName"`
}

var owner = ownerXML{ID: ownerID, DisplayName: ownerID}

// xmlTimeFormat is how S3 writes times, in UTC, in documents.
const xmlTimeFormat = "2006-01-02T15:04:05.000Z"

func xmlTime(t time.Time) string { return t.UTC().Format(xmlTimeFormat) }

func quoted(etag string) string { return `"` + etag + `"` }

// writeXML sends a document with its length, so that a client can tell a whole
// answer from half of one.
func writeXML(w http.ResponseWriter, status int, document any) {
	text, err := encodeXML(document)
	if err != nil {
		// Only a document type of ours that cannot be encoded comes here.
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	sendXML(w, status, text)
}

func encodeXML(document any) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString(xml.Header)
	err := xml.NewEncoder(&out).Encode(document)
	return out.Bytes(), err
}

func sendXML(w http.ResponseWriter, status int, text []byte) {
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client is gone; there is nobody to tell
}

// readXML reads and verifies the request's body into document. encoding/xml
// expands no entities but the five of XML itself.
func (q *request) readXML(document any) error {
	data, err := q.body.readAll(maxXML)
	if err != nil {
		return err
	}
	if err := xml.Unmarshal(data, document); err != nil {
		return errMalformedXML()
	}
	return nil
}
