package adminapi

import (
	"net/http"
	"strings"
)

// refused is what Croft does not do, by the beginning of the path.
var refused = []struct{ path, commands, why string }{
	{"kms", "mc admin kms", "Croft keeps its master key itself: see Settings, Encryption in the console."},
	{"set-config-kv", "mc admin config set", "Croft is configured by the flags and the environment of `croft server`, and in the console."},
	{"del-config-kv", "mc admin config reset", "Croft is configured by the flags and the environment of `croft server`, and in the console."},
	{"restore-config-history-kv", "mc admin config restore", "Croft keeps no history of its configuration."},
	{"clear-config-history-kv", "mc admin config history", "Croft keeps no history of its configuration."},
	{"list-config-history-kv", "mc admin config history", "Croft keeps no history of its configuration."},
	{"site-replication", "mc admin replicate", "Croft has no site replication. Buckets are copied to other clusters by rules, in the console."},
	{"list-remote-targets", "mc replicate, mc admin bucket remote", "Targets of replication are set in the console."},
	{"set-remote-target", "mc replicate, mc admin bucket remote", "Targets of replication are set in the console."},
	{"remove-remote-target", "mc replicate, mc admin bucket remote", "Targets of replication are set in the console."},
	{"replication", "mc replicate", "How replication goes is in the console."},
	{"rebalance", "mc admin rebalance", "Croft does not move objects between pools, but away from one that is drained."},
	{"pools", "mc admin decommission", "Pools of drives are drained in the console: Settings, Drives."},
	{"tier", "mc ilm tier", "Tiers are added and looked at in the console: Settings, Tiers."},
	{"metrics", "mc admin scanner status, mc support top", "Croft streams no metrics of this kind. Use `mc admin prometheus metrics`, or `mc admin heal` for the check of everything."},
	{"scanner", "mc admin scanner", "Croft has no scanner: usage is counted as it is written, and lifecycle rounds are in the console."},
	{"update", "mc admin update", "Replace the program and run `mc admin service restart`."},
	{"force-unlock", "mc admin top locks", "Nothing is locked between requests."},
	{"temporary-account-info", "mc admin accesskey info", "There is no such access key that you may see. Temporary ones are kept nowhere, so there is nothing to tell of them."},
	{"idp-config", "mc idp openid, mc idp ldap", "Identity providers are not configured over this protocol."},
	{"idp/ldap", "mc idp ldap", "Croft does not speak LDAP."},
	{"start-job", "mc batch", "Croft has no batch jobs. `croft mirror` copies buckets."},
	{"list-jobs", "mc batch", "Croft has no batch jobs. `croft mirror` copies buckets."},
	{"status-job", "mc batch", "Croft has no batch jobs. `croft mirror` copies buckets."},
	{"describe-job", "mc batch", "Croft has no batch jobs. `croft mirror` copies buckets."},
	{"cancel-job", "mc batch", "Croft has no batch jobs. `croft mirror` copies buckets."},
	{"profile", "mc support profile", "Croft hands out no profiles."},
	{"profiling", "mc support profile", "Croft hands out no profiles."},
	{"inspect-data", "mc support inspect", "Croft hands out no files of its drives."},
	{"healthinfo", "mc support diag", "Croft has no such report. The state of the drives is in `mc admin info`."},
	{"speedtest", "mc support perf", "Croft does not measure itself over this protocol: see docs/benchmarks.md."},
	{"export-iam", "mc admin cluster iam export", "Accounts are in the state folder; back that up."},
	{"import-iam", "mc admin cluster iam import", "Accounts are in the state folder; restore that."},
	{"export-bucket-metadata", "mc admin cluster bucket export", "Settings of buckets are with them on the drives. `croft mirror` brings buckets to another Croft."},
	{"import-bucket-metadata", "mc admin cluster bucket import", "Settings of buckets are with them on the drives. `croft mirror` brings buckets to another Croft."},
}

// refusal is why a call is not answered.
func refusal(path string) *failure {
	for _, r := range refused {
		if rest, ok := strings.CutPrefix(path, r.path); ok && (rest == "" || rest[0] == '/' || rest[0] == '-') {
			return fail("NotImplemented", http.StatusNotImplemented, r.why)
		}
	}
	return fail("NotImplemented", http.StatusNotImplemented, "Croft does not know this call of the admin protocol.")
}
