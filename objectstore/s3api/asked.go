package s3api

import "sync"

// ActionOf returns which Action is asked for together with a permission, "s3:GetObject".
// It is false for those that no request needs.
func ActionOf(permission string) (Action, bool) {
	action, ok := actionsOf()[permission]
	return action, ok
}

var actionsOf = sync.OnceValue(func() map[string]Action {
	all := map[string]Action{"s3:BypassGovernanceRetention": BypassGovernance, "s3:ReplicateDelete": WriteObject}
	table := operations()
	for i := range table {
		all[table[i].permission()] = table[i].action
	}
	for plain, named := range ofVersions {
		if action, ok := all[plain]; ok {
			all[named] = action
		}
	}
	for _, one := range besides {
		all[one.permission] = WriteObject
	}
	return all
})
