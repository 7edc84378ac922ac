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
	own        bool // everybody may do it with what is their own: Accounts is asked
}

// name is what the call is called in the audit log.
func (c *call) name() string {
	if c.path[len(c.path)-1] == '/' {
		return c.path[:len(c.path)-1]
	}
	return c.path
}

// table is every call that is answered.
var table = concat(serverCalls, settingCalls, userCalls, policyCalls, keyCalls)

// Call is one call that is answered, for whoever wants to know them all.
type Call struct {
	Method     string
	Path       string // of the request
	Permission string // MinIO's name of what it needs
	Own        bool   // everybody may do it with what is their own
}

// Calls lists every call in the table.
func Calls() []Call {
	all := make([]Call, 0, len(table))
	for i := range table {
		c := &table[i]
		all = append(all, Call{c.method, adminPrefix + "v3/" + c.path, c.permission, c.own})
	}
	return all
}

func concat(parts ...[]call) (all []call) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// serverCalls are about the process, its drives and what goes on.
var serverCalls = []call{
	{http.MethodGet, "info", "admin:ServerInfo", "mc admin info", "versions count delete markers too", false, (*Handler).info, false},
	{http.MethodGet, "storageinfo", "admin:StorageInfo", "mc admin info --json, mc support", "", false, (*Handler).storageInfo, false},
	{http.MethodGet, "datausageinfo", "admin:DataUsageInfo", "mc stat BUCKET, mc admin bucket info", "no histograms of sizes", false, (*Handler).dataUsage, false},
	{http.MethodPost, "service", "admin:ServiceRestart", "mc admin service restart, mc admin service stop",
		"requests under way finish first; not `freeze` and `unfreeze`; no restart on Windows", true, (*Handler).service, false},
	{http.MethodPost, "background-heal/status", "admin:Heal", "mc admin heal", "drives that are being filled, in bytes", false, (*Handler).healStatus, false},
	{http.MethodPost, "heal/", "admin:Heal", "mc admin heal --recursive", "the check of everything; no single bucket, no dry run", true, (*Handler).heal, false},
	{http.MethodGet, "trace", "admin:ServerTrace", "mc admin trace", "requests of S3 alone", false, (*Handler).trace, false},
	{http.MethodGet, "top/locks", "admin:TopLocksInfo", "mc admin top locks", "always empty: nothing is locked between requests", false, (*Handler).topLocks, false},
}

// settingCalls are about what is set.
var settingCalls = []call{
	{http.MethodGet, "get-config-kv", "admin:ConfigUpdate", "mc admin config get", "`site`, `region`, `storage_class`", false, (*Handler).getConfig, false},
	{http.MethodGet, "help-config-kv", "admin:ConfigUpdate", "mc admin config get", "", false, (*Handler).helpConfig, false},
	{http.MethodGet, "config", "admin:ConfigUpdate", "mc admin config export", "", false, (*Handler).exportConfig, false},
	{http.MethodGet, "get-bucket-quota", "admin:GetBucketQuota", "mc quota info", "", false, (*Handler).getQuota, false},
	{http.MethodPut, "set-bucket-quota", "admin:SetBucketQuota", "mc quota set, mc quota clear", "a size; no rates", true, (*Handler).setQuota, false},
}

// userCalls are about users and groups.
var userCalls = []call{
	{http.MethodGet, "list-users", "admin:ListUsers", "mc admin user list", "", false, (*Handler).listUsers, false},
	{http.MethodGet, "user-info", "admin:GetUser", "mc admin user info", "", false, (*Handler).userInfo, false},
	{http.MethodPut, "add-user", "admin:CreateUser", "mc admin user add", "a user without a password for the console, and an access key of the same name", true, (*Handler).addUser, false},
	{http.MethodDelete, "remove-user", "admin:DeleteUser", "mc admin user remove", "with keys, groups and policies; no administrator", true, (*Handler).removeUser, false},
	{http.MethodPut, "set-user-status", "admin:EnableUser", "mc admin user enable, mc admin user disable", "", true, (*Handler).setUserStatus, false},
	{http.MethodGet, "groups", "admin:ListGroups", "mc admin group list", "", false, (*Handler).listGroups, false},
	{http.MethodGet, "group", "admin:GetGroup", "mc admin group info", "", false, (*Handler).groupInfo, false},
	{http.MethodPut, "update-group-members", "admin:AddUserToGroup", "mc admin group add, mc admin group remove", "", true, (*Handler).updateGroup, false},
	{http.MethodPut, "set-group-status", "admin:EnableGroup", "mc admin group enable", "groups are always enabled", true, (*Handler).setGroupStatus, false},
}

// policyCalls are about policies and who holds them.
var policyCalls = []call{
	{http.MethodGet, "list-canned-policies", "admin:ListUserPolicies", "mc admin policy list", "", false, (*Handler).listPolicies, false},
	{http.MethodGet, "info-canned-policy", "admin:GetPolicy", "mc admin policy info", "", false, (*Handler).policyInfo, false},
	{http.MethodPut, "add-canned-policy", "admin:CreatePolicy", "mc admin policy create", "", true, (*Handler).addPolicy, false},
	{http.MethodDelete, "remove-canned-policy", "admin:DeletePolicy", "mc admin policy remove", "one that nobody holds", true, (*Handler).removePolicy, false},
	{http.MethodPost, "idp/builtin/policy/attach", "admin:AttachUserOrGroupPolicy", "mc admin policy attach", "", true, (*Handler).attachPolicies, false},
	{http.MethodPost, "idp/builtin/policy/detach", "admin:AttachUserOrGroupPolicy", "mc admin policy detach", "", true, (*Handler).detachPolicies, false},
	{http.MethodGet, "idp/builtin/policy-entities", "admin:ListUserPolicies", "mc admin policy entities", "", false, (*Handler).policyEntities, false},
}

// keyCalls are about access keys. Everybody may do with their own what this says.
var keyCalls = []call{
	{http.MethodPut, "add-service-account", "admin:CreateServiceAccount", "mc admin accesskey create, mc admin user svcacct add", "one's own without a permission", true, (*Handler).addKey, true},
	{http.MethodPost, "update-service-account", "admin:UpdateServiceAccount", "mc admin accesskey edit, mc admin user svcacct edit", "", true, (*Handler).changeKey, true},
	{http.MethodGet, "info-service-account", "admin:ListServiceAccounts", "mc admin accesskey info, mc admin user svcacct info", "", false, (*Handler).keyInfo, true},
	{http.MethodGet, "list-service-accounts", "admin:ListServiceAccounts", "mc admin user svcacct list", "", false, (*Handler).listKeys, true},
	{http.MethodGet, "list-access-keys-bulk", "admin:ListServiceAccounts", "mc admin accesskey list", "no temporary ones: they are kept nowhere", false, (*Handler).listAllKeys, true},
	{http.MethodDelete, "delete-service-account", "admin:RemoveServiceAccount", "mc admin accesskey remove, mc admin user svcacct remove", "", true, (*Handler).removeKey, true},
}
