package iamapi

import (
	"cmp"
	"slices"
	"strings"
)

// call is one call of IAM or STS.
type call struct {
	service string
	changes bool // something, which the audit log keeps
	anybody bool // may make it: there is no signature, or nothing to be allowed
	tags    bool // it knows tags, of which the others refuse all
	run     func(*request) ([]node, error)
}

func reads(run func(*request) ([]node, error)) call { return call{service: serviceIAM, run: run} }

func changes(run func(*request) ([]node, error)) call {
	return call{service: serviceIAM, changes: true, run: run}
}

func (c call) withTags() call {
	c.tags = true
	return c
}

// calls are all there are, by name.
func calls() map[string]call {
	return map[string]call{
		"CreateUser": changes((*request).createUser), "GetUser": reads((*request).getUser), "ListUsers": reads((*request).listUsers),
		"UpdateUser": changes((*request).updateUser), "DeleteUser": changes((*request).deleteUser),
		"CreateLoginProfile": changes((*request).setPassword), "UpdateLoginProfile": changes((*request).setPassword),
		"GetLoginProfile": reads((*request).getLoginProfile), "DeleteLoginProfile": changes((*request).deleteLoginProfile),

		"CreateAccessKey": changes((*request).createAccessKey), "ListAccessKeys": reads((*request).listAccessKeys),
		"UpdateAccessKey": changes((*request).updateAccessKey), "DeleteAccessKey": changes((*request).deleteAccessKey),
		"GetAccessKeyLastUsed": reads((*request).accessKeyLastUsed),

		"CreateGroup": changes((*request).createGroup), "GetGroup": reads((*request).getGroup), "ListGroups": reads((*request).listGroups),
		"DeleteGroup": changes((*request).deleteGroup), "AddUserToGroup": changes((*request).addUserToGroup),
		"RemoveUserFromGroup": changes((*request).removeUserFromGroup), "ListGroupsForUser": reads((*request).listGroupsForUser),

		"CreatePolicy": changes((*request).createPolicy), "GetPolicy": reads((*request).getPolicy), "ListPolicies": reads((*request).listPolicies),
		"DeletePolicy": changes((*request).deletePolicy), "CreatePolicyVersion": changes((*request).createPolicyVersion),
		"GetPolicyVersion": reads((*request).getPolicyVersion), "ListPolicyVersions": reads((*request).listPolicyVersions),
		"SetDefaultPolicyVersion": changes((*request).setDefaultPolicyVersion), "DeletePolicyVersion": changes((*request).deletePolicyVersion),
		"ListEntitiesForPolicy": reads((*request).listEntitiesForPolicy),

		"AttachUserPolicy": changes((*request).attachPolicy), "AttachGroupPolicy": changes((*request).attachPolicy), "AttachRolePolicy": changes((*request).attachPolicy),
		"DetachUserPolicy": changes((*request).detachPolicy), "DetachGroupPolicy": changes((*request).detachPolicy), "DetachRolePolicy": changes((*request).detachPolicy),
		"ListAttachedUserPolicies": reads((*request).listAttached), "ListAttachedGroupPolicies": reads((*request).listAttached), "ListAttachedRolePolicies": reads((*request).listAttached),
		"PutUserPolicy": changes((*request).putInline), "PutGroupPolicy": changes((*request).putInline), "PutRolePolicy": changes((*request).putInline),
		"GetUserPolicy": reads((*request).getInline), "GetGroupPolicy": reads((*request).getInline), "GetRolePolicy": reads((*request).getInline),
		"ListUserPolicies": reads((*request).listInline), "ListGroupPolicies": reads((*request).listInline), "ListRolePolicies": reads((*request).listInline),
		"DeleteUserPolicy": changes((*request).deleteInline), "DeleteGroupPolicy": changes((*request).deleteInline), "DeleteRolePolicy": changes((*request).deleteInline),

		"CreateRole": changes((*request).createRole), "GetRole": reads((*request).getRole), "ListRoles": reads((*request).listRoles),
		"UpdateRole": changes((*request).updateRole), "UpdateAssumeRolePolicy": changes((*request).updateTrust), "DeleteRole": changes((*request).deleteRole),
		"ListInstanceProfilesForRole": reads((*request).listInstanceProfiles),

		"CreateOpenIDConnectProvider": changes((*request).createProvider).withTags(), "GetOpenIDConnectProvider": reads((*request).getProvider),
		"ListOpenIDConnectProviders": reads((*request).listProviders), "DeleteOpenIDConnectProvider": changes((*request).deleteProvider),
		"AddClientIDToOpenIDConnectProvider": changes((*request).addClient), "RemoveClientIDFromOpenIDConnectProvider": changes((*request).removeClient),

		"TagOpenIDConnectProvider": changes((*request).tagProvider).withTags(), "UntagOpenIDConnectProvider": changes((*request).untagProvider),
		"ListOpenIDConnectProviderTags": reads((*request).listProviderTags),

		"SimulatePrincipalPolicy": reads((*request).simulatePrincipal), "SimulateCustomPolicy": reads((*request).simulateCustom),
		"GetAccountSummary": reads((*request).accountSummary),

		"GetCallerIdentity":         {service: serviceSTS, run: (*request).callerIdentity},
		"AssumeRole":                {service: serviceSTS, changes: true, run: (*request).assumeRole},
		"AssumeRoleWithWebIdentity": {service: serviceSTS, changes: true, anybody: true, run: (*request).assumeRoleWithWebIdentity},
		"GetSessionToken":           {service: serviceSTS, changes: true, run: (*request).sessionToken},
		"GetFederationToken":        {service: serviceSTS, changes: true, run: (*request).federationToken},
	}
}

// Call is one call that is answered, for whoever wants to know them all.
type Call struct {
	Name    string // "CreateUser"
	Service string // "iam" or "sts"
	Changes bool   // something; it is in the audit log then
}

// Calls lists every call, sorted by service and name.
func Calls() []Call {
	var all []Call
	for name, c := range calls() {
		all = append(all, Call{name, c.service, c.changes})
	}
	slices.SortFunc(all, func(a, b Call) int {
		return cmp.Or(strings.Compare(a.Service, b.Service), strings.Compare(a.Name, b.Name))
	})
	return all
}
