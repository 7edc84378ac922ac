package s3api

import "testing"

func TestActiveTypes(t *testing.T) {
	for contentType, want := range map[string]bool{
		"text/html": true, "Text/HTML; charset=utf-8": true, "image/svg+xml": true, "application/xhtml+xml": true, "text/xml": true,
		"text/xsl": true, "multipart/x-mixed-replace; boundary=x": true,
		"text/plain, text/html": true, "text/plain; a=b, text/html; c=d": true, `text/html; a=",b"`: true,
		"": false, "text/plain": false, "image/png": false, "application/pdf": false, "binary/octet-stream": false,
	} {
		if got := active(contentType); got != want {
			t.Errorf("%q: %v, want %v", contentType, got, want)
		}
	}
}
