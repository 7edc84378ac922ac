// Package policy is the policy language of AWS as S3 speaks it: documents of
// statements that allow or deny actions on resources to principals under conditions.
//
// Parse reads a document strictly. What AWS would refuse as malformed is refused, and
// so is what nobody here could ever decide about (an operator, an action, a condition
// key that does not exist), because a statement that is accepted and never applies is
// a promise that is not kept. Errors say where and what to do.
//
// A Policy does not change and may be evaluated by many at once. Evaluate decides as
// AWS does: a statement that denies outweighs all that allow, and without either
// nothing is said. Explain says the same and why.
//
// The package knows neither HTTP nor users: what a request is made of it asks Context.
package policy
