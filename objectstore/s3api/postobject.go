package s3api

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"croft/internal/forwarded"
)

const multipartForm = "multipart/form-data"

// isForm reports whether the request is the upload of a browser's form, which has its
// signature, if any, in fields of its own.
func (q *request) isForm() bool {
	if q.r.Method != http.MethodPost || q.level() != onBucket || first(q.r.Header, "Authorization") != "" || claimsPresigned(q.query) {
		return false
	}
	for name := range q.query {
		if subresources[name] {
			return false
		}
	}
	kind, _, _ := strings.Cut(first(q.r.Header, "Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), multipartForm)
}

// authenticateForm reads the fields of a form and establishes who allows it, and
// that it is what they allow. The file is still to be read then.
func (h *Handler) authenticateForm(q *request) error {
	if q.r.ContentLength < 0 {
		return fail("MissingContentLength", "You must provide the Content-Length HTTP header.")
	}
	f, err := readForm(q.r.Body, first(q.r.Header, "Content-Type"))
	if err != nil {
		return err
	}
	key, ok := f.fields["key"]
	if !ok {
		return errField("key")
	}
	key = strings.ReplaceAll(key, "${filename}", f.filename)
	if key == "" {
		return fail("InvalidArgument", "User key must have a length greater than 0.")
	}
	f.fields["key"], f.fields["bucket"] = key, q.bucket
	q.key = key
	least, most := int64(0), maxBody
	if f.signed() {
		if err := h.verifyForm(q, f); err != nil {
			return err
		}
		policy, err := readPolicy(f.fields["policy"])
		if err != nil {
			return err
		}
		if err := policy.check(f.fields, h.now()); err != nil {
			return err
		}
		least, most = policy.least, policy.most
	}
	header, err := f.header(q.r.Header)
	if err != nil {
		return err
	}
	q.payload, q.r.Header = unsignedPayload, header
	q.op = &operation{name: "PostObject", method: http.MethodPost, level: onBucket, action: WriteObject, run: func(h *Handler, q *request) error {
		q.body.src, q.body.size = &sizedReader{src: f.file, least: least, most: most}, -1
		a, err := requestedAlgorithm(q.r.Header, "X-Amz-Checksum-Algorithm")
		if err != nil {
			return err
		}
		if a != nil {
			if err := q.body.also(a); err != nil {
				return err
			}
		}
		return h.postObject(q, f)
	}}
	return nil
}

func errField(name string) error {
	return failf("InvalidArgument", "Bucket POST must contain a field named '%s'. If it is specified, please check the order of the fields.", name)
}

// signed reports whether the form says that somebody allows it. One that does not is
// anonymous.
func (f *form) signed() bool {
	for _, name := range []string{"policy", "x-amz-signature", "x-amz-credential", "signature", "awsaccesskeyid"} {
		if _, ok := f.fields[name]; ok {
			return true
		}
	}
	return false
}

// verifyForm establishes who signed the form's policy.
func (h *Handler) verifyForm(q *request, f *form) error {
	if f.isV2() {
		if !h.signatureV2 {
			return errNotV4()
		}
		return h.verifyFormV2(q, f)
	}
	for _, name := range []string{"policy", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"} {
		if f.fields[name] == "" {
			return errField(name)
		}
	}
	if f.fields["x-amz-algorithm"] != algorithmV4 {
		return failf("InvalidArgument", "x-amz-algorithm only supports %q.", algorithmV4)
	}
	sig := signature{value: f.fields["x-amz-signature"]}
	if !sig.parseCredential(f.fields["x-amz-credential"]) {
		return fail("InvalidArgument", `x-amz-credential is expected as "<access key>/YYYYMMDD/<region>/s3/aws4_request".`)
	}
	var err error
	if sig.at, err = time.Parse(timeFormat, f.fields["x-amz-date"]); err != nil || sig.at.Format(dayFormat) != sig.day {
		return fail("InvalidArgument", `x-amz-date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'", of the day of the credential.`)
	}
	if age := h.now().Sub(sig.at); age < -maxClockSkew || age > maxExpires+maxClockSkew {
		return fail("AccessDenied", "Invalid according to Policy: Policy expired.")
	}
	if h.region != "" && sig.region != h.region {
		return failf("InvalidArgument", "The region '%s' is wrong; expecting '%s'.", xmlLimit(sig.region), h.region)
	}
	token, has := f.fields["x-amz-security-token"]
	if has && token == "" {
		return errSessionToken()
	}
	cred, err := h.credential(q, sig.accessKey, token)
	if err != nil {
		return err
	}
	name := sig.signerName(cred.Secret)
	signer, known := h.signers.get(name)
	if want := signer.sum([]byte(f.fields["policy"])); !want.is(sig.value) {
		return errSignature()
	}
	if !known {
		h.signers.remember(name, signer)
	}
	q.cred, q.sig, q.signer, q.posted = cred, sig, signer, true
	return nil
}

// formFields are the fields that mean the header beside them; so does every x-amz-
// field but those of the signature.
var formFields = map[string]string{
	"acl": "X-Amz-Acl", "cache-control": "Cache-Control", "content-type": "Content-Type", "content-disposition": "Content-Disposition",
	"content-encoding": "Content-Encoding", "content-language": "Content-Language", "content-md5": "Content-Md5", "expires": "Expires",
}

// header makes of the form what an upload by PUT would have in its header. Of the
// request's own header only what does not speak of the form stays.
func (f *form) header(own http.Header) (http.Header, error) {
	header := http.Header{}
	for _, name := range []string{"Origin", "User-Agent", "Referer", "If-Match", "If-None-Match"} {
		if own[name] != nil {
			header[name] = own[name]
		}
	}
	for field, value := range f.fields {
		name := formFields[field]
		if name == "" && strings.HasPrefix(field, "x-amz-") && !presignParameters[field] {
			name = http.CanonicalHeaderKey(field)
			if name == field { // it is none that a header could have
				return nil, failf("InvalidArgument", "The form's field %s has a name that no header could have.", xmlLimit(field))
			}
		}
		if name == "" {
			continue
		}
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return nil, failf("InvalidArgument", "The form's field %s has characters that a header cannot have.", xmlLimit(field))
		}
		header[name] = []string{value}
	}
	if text := f.fields["tagging"]; text != "" {
		tags, err := readTags([]byte(text), maxObjectTags)
		if err != nil {
			return nil, err
		}
		header["X-Amz-Tagging"] = []string{tags.query()}
	}
	return header, nil
}

// postObject stores the form's file and answers as the form wishes.
func (h *Handler) postObject(q *request, f *form) error {
	o, err := h.putBody(q)
	if err != nil {
		return err
	}
	header := q.w.Header()
	location := q.location()
	header.Set("Location", location)
	if to := redirection(f.fields, q.bucket, q.key, o.ETag); to != "" {
		header.Set("Location", to)
		header.Set("Content-Length", "0")
		q.w.WriteHeader(http.StatusSeeOther)
		return nil
	}
	switch f.fields["success_action_status"] {
	case "200":
		header.Set("Content-Length", "0")
		q.w.WriteHeader(http.StatusOK)
	case "201":
		writeXML(q.w, http.StatusCreated, struct {
			XMLName  xml.Name `xml:"PostResponse"`
			Location string   `xml:"Location"`
			Bucket   string   `xml:"Bucket"`
			Key      string   `xml:"Key"`
			ETag     string   `xml:"ETag"`
		}{Location: location, Bucket: q.bucket, Key: q.key, ETag: quoted(o.ETag)})
	default:
		q.w.WriteHeader(http.StatusNoContent)
	}
	return nil
}

// location is the address of the request's object, as the client reaches this server.
func (q *request) location() string {
	return forwarded.Scheme(q.r) + "://" + q.r.Host + uriEncode(strings.TrimSuffix(q.r.URL.Path, "/")+"/"+q.key, false)
}

// redirection is where the form sends the browser after an upload. As in S3, an
// address that cannot be read counts as none.
func redirection(fields map[string]string, bucket, key, etag string) string {
	address := fields["success_action_redirect"]
	if address == "" {
		address = fields["redirect"]
	}
	to, err := url.Parse(address)
	if address == "" || err != nil || to.Host == "" || !slices.Contains([]string{"http", "https"}, to.Scheme) {
		return ""
	}
	query := "bucket=" + url.QueryEscape(bucket) + "&key=" + url.QueryEscape(key) + "&etag=" + url.QueryEscape(quoted(etag))
	if to.RawQuery != "" {
		query = to.RawQuery + "&" + query
	}
	to.RawQuery = query
	return to.String()
}
