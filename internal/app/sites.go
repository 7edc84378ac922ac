package app

import "net/http"

// notOnSites keeps the console from being reached under the host name of a bucket's
// website: browsers share cookies between the ports of a name, and the pages of a
// bucket are anybody's.
type notOnSites struct {
	console http.Handler
	isSite  func(host string) bool
}

func (n notOnSites) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if n.isSite(r.Host) {
		http.Error(w, "This name belongs to websites that are served out of buckets. Open the console under another one.", http.StatusMisdirectedRequest)
		return
	}
	n.console.ServeHTTP(w, r)
}
