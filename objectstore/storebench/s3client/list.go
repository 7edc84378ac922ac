package s3client

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// ListRequest asks for one page. Names must need no escaping, in URLs and in XML.
type ListRequest struct {
	Bucket    string
	Delimiter bool   // "/"
	After     string // a key; starts a listing in the middle
	Token     string // of the page before; then After means nothing
	Limit     int
}

// List hands one page's entries to see: its keys or, of a delimiter listing, its
// common prefixes. It returns the next page's token, empty at the end.
func (c *Client) List(l ListRequest, see func(entry []byte) error) (token string, err error) {
	r, err := c.request("GET", "/"+l.Bucket, l.query(), "", Body{}, 200)
	if err != nil {
		return "", err
	}
	page, err := c.content(r)
	if err != nil {
		return "", err
	}
	if !bytes.HasSuffix(bytes.TrimSpace(page), []byte("</ListBucketResult>")) {
		return "", fmt.Errorf("not a whole listing: %.200s", page)
	}
	opening, closing := []byte("<Contents><Key>"), []byte("</Key>")
	if l.Delimiter {
		opening, closing = []byte("<CommonPrefixes><Prefix>"), []byte("</Prefix>")
	}
	for rest := page; ; {
		_, tail, found := bytes.Cut(rest, opening)
		if !found {
			break
		}
		entry, tail, found := bytes.Cut(tail, closing)
		if !found {
			return "", errors.New("a listing with an entry that does not end")
		}
		if err := see(entry); err != nil {
			return "", err
		}
		rest = tail
	}
	if !bytes.Contains(page, []byte("<IsTruncated>true</IsTruncated>")) {
		return "", nil
	}
	_, tail, _ := bytes.Cut(page, []byte("<NextContinuationToken>"))
	next, _, found := bytes.Cut(tail, []byte("<"))
	if !found || len(next) == 0 {
		return "", errors.New("a truncated listing without a token")
	}
	return string(next), nil
}

// query has its parameters in the order that they are signed in.
func (l ListRequest) query() string {
	var q string
	if l.Token != "" {
		q += "continuation-token=" + escape(l.Token) + "&"
	}
	if l.Delimiter {
		q += "delimiter=%2F&"
	}
	q += "list-type=2&max-keys=" + strconv.Itoa(l.Limit)
	if l.After != "" && l.Token == "" {
		q += "&start-after=" + escape(l.After)
	}
	return q
}

// escape percent-encodes as Signature Version 4 wants it in a query.
func escape(s string) string {
	const upper = "0123456789ABCDEF"
	out := make([]byte, 0, len(s)+8)
	for _, b := range []byte(s) {
		switch {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', b == '-', b == '.', b == '_', b == '~':
			out = append(out, b)
		default:
			out = append(out, '%', upper[b>>4], upper[b&15])
		}
	}
	return string(out)
}
