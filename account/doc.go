// Package account knows who there is and what they may do: users and their
// sessions, API tokens and S3 access keys, projects and their members, and the
// audit log.
//
// It promises that Authorize is the only place that decides "may this principal
// do this to that"; that no password, session or API token is stored in a form
// that lets someone log in; that disabling a user ends all of their credentials
// at the next request, since every request reads them from the database; and that
// a project never loses its last owner.
//
// It knows neither HTTP nor S3: the edges turn a cookie, a bearer token or a
// signature into a Principal through this package, and carry it in the context.
package account
