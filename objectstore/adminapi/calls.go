package adminapi

import "net/http"

// call is one call of the protocol.
type call struct {
	method     string
	path       string // behind the version; one that ends with a slash takes what follows
	permission string // MinIO's name of what it needs
	commands   string // of mc that make it
	note       string // what Croft answers, where that is worth a word
	changes    bool   // it is audited
	run        func(*Handler, *request) error
}

// name is what the call is called in the audit log.
func (c *call) name() string {
	if c.path[len(c.path)-1] == '/' {
		return c.path[:len(c.path)-1]
	}
	return c.path
}

// table is every call that is answered.
var table = concat(serverCalls, settingCalls)

func concat(parts ...[]call) (all []call) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// serverCalls are about the process, its drives and what goes on.
var serverCalls = []call{
	{http.MethodGet, "info", "admin:ServerInfo", "mc admin info", "versions count delete markers too", false, (*Handler).info},
	{http.MethodGet, "storageinfo", "admin:StorageInfo", "mc admin info --json, mc support", "", false, (*Handler).storageInfo},
	{http.MethodGet, "datausageinfo", "admin:DataUsageInfo", "mc stat BUCKET, mc admin bucket info", "no histograms of sizes", false, (*Handler).dataUsage},
	{http.MethodPost, "service", "admin:ServiceRestart", "mc admin service restart, mc admin service stop",
		"requests under way finish first; not `freeze` and `unfreeze`; no restart on Windows", true, (*Handler).service},
	{http.MethodPost, "background-heal/status", "admin:Heal", "mc admin heal", "drives that are being filled, in bytes", false, (*Handler).healStatus},
	{http.MethodPost, "heal/", "admin:Heal", "mc admin heal --recursive", "the check of everything; no single bucket, no dry run", true, (*Handler).heal},
	{http.MethodGet, "trace", "admin:ServerTrace", "mc admin trace", "requests of S3 alone", false, (*Handler).trace},
	{http.MethodGet, "top/locks", "admin:TopLocksInfo", "mc admin top locks", "always empty: nothing is locked between requests", false, (*Handler).topLocks},
}

// settingCalls are about what is set.
var settingCalls = []call{
	{http.MethodGet, "get-config-kv", "admin:ConfigUpdate", "mc admin config get", "`site`, `region`, `storage_class`", false, (*Handler).getConfig},
	{http.MethodGet, "help-config-kv", "admin:ConfigUpdate", "mc admin config get", "", false, (*Handler).helpConfig},
	{http.MethodGet, "config", "admin:ConfigUpdate", "mc admin config export", "", false, (*Handler).exportConfig},
	{http.MethodGet, "get-bucket-quota", "admin:GetBucketQuota", "mc quota info", "", false, (*Handler).getQuota},
	{http.MethodPut, "set-bucket-quota", "admin:SetBucketQuota", "mc quota set, mc quota clear", "a size; no rates", true, (*Handler).setQuota},
}
