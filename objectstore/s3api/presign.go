package s3api

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Presign makes a URL that lets whoever holds it do one request as accessKey
// until it expires. baseURL is the endpoint as the client will reach it (its
// host is signed); query holds further parameters, such as
// response-content-disposition, and may be nil.
func Presign(method, baseURL, bucket, key, accessKey, secret, region string, expires time.Duration, query url.Values, now time.Time) (string, error) {
	base, err := url.Parse(baseURL)
	if err != nil {
		return "", err
	}
	if base.Scheme == "" || base.Host == "" {
		return "", errors.New("presign: the base URL has no scheme or host")
	}
	if expires < time.Second || expires > maxExpires {
		return "", errors.New("presign: the URL must live between one second and seven days")
	}
	if region == "" {
		region = DefaultRegion
	}
	at := now.UTC()
	sig := signature{day: at.Format(dayFormat), region: region, at: at, headers: []string{"host"}}

	signed := url.Values{}
	for name, values := range query {
		signed[name] = values
	}
	signed.Set("X-Amz-Algorithm", algorithmV4)
	signed.Set("X-Amz-Credential", accessKey+"/"+sig.scope())
	signed.Set("X-Amz-Date", at.Format(timeFormat))
	signed.Set("X-Amz-Expires", strconv.FormatInt(int64(expires/time.Second), 10))
	signed.Set("X-Amz-SignedHeaders", "host")

	path := strings.TrimSuffix(base.Path, "/") + "/" + bucket + "/" + key
	r := &http.Request{Method: method, Host: base.Host, URL: &url.URL{Path: path}}
	value := newSigner(secret, sig.day, region).sign(r, signed, &sig, unsignedPayload)

	return base.Scheme + "://" + base.Host + uriEncode(path, false) + "?" + string(appendQuery(nil, signed)) +
		"&X-Amz-Signature=" + value.String(), nil
}
