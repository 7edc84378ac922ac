package grants

import (
	"sync"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/policy"
)

// Rules are what a bucket says of who may reach it.
type Rules struct {
	Policy    *policy.Policy // nil: none
	ACL       ACL
	Block     Block
	Ownership Ownership
}

// ACLs reports whether ACLs count.
func (r *Rules) ACLs() bool { return r.Ownership != OwnerEnforced }

// Chosen reports whether somebody who may change the bucket has said that it uses ACLs,
// be it with its ownership or with an ACL of its own.
func (r *Rules) Chosen() bool { return r.ACLs() && (r.Ownership != Unset || !r.ACL.IsPrivate()) }

// Public reports whether the policy or the bucket's ACL lets everybody, or every user, do
// something. The public access block may still forbid it.
func (r *Rules) Public() bool {
	return (r.Policy != nil && r.Policy.Public()) || (r.ACLs() && r.ACL.Public())
}

// Evaluate asks the policy.
func (r *Rules) Evaluate(q *policy.Request) policy.Effect {
	if r.Policy == nil {
		return policy.NoMatch
	}
	return r.Policy.Evaluate(q)
}

// maxKnown and maxBytes bound the buckets whose rules are remembered, and the texts of
// these; beyond either all are forgotten and read anew.
const (
	maxKnown = 1000
	maxBytes = 8 << 20
)

// Reader reads rules and remembers them by their text, because a request must not
// parse. It may be used by many at once.
type Reader struct {
	mu    sync.RWMutex // guards the following 2 fields
	known map[string]*known
	bytes int // of the texts of what is known
}

type known struct {
	texts [5]string
	rules *Rules
	err   error
}

// size is that of the texts, in bytes.
func (k *known) size() (bytes int) {
	for _, text := range k.texts {
		bytes += len(text)
	}
	return bytes
}

var none = &Rules{ACL: private}

// Of returns the rules of a bucket as it is. An error means that they cannot be read:
// nobody can say then what they forbid.
func (r *Reader) Of(b *objectstore.Bucket) (*Rules, error) {
	if len(b.Documents) == 0 {
		return none, nil
	}
	texts := [5]string{
		b.Documents[PolicyDocument], b.Documents[ACLDocument], b.Documents[BlockDocument], b.Documents[OwnershipDocument], b.Documents[BindingsDocument],
	}
	if texts == [5]string{} {
		return none, nil
	}
	r.mu.RLock()
	k := r.known[b.Name]
	r.mu.RUnlock()
	if k != nil && k.texts == texts {
		return k.rules, k.err
	}
	k = &known{texts: texts}
	k.rules, k.err = Parse(b)
	r.mu.Lock()
	defer r.mu.Unlock()
	if old := r.known[b.Name]; old != nil {
		r.bytes -= old.size()
	}
	if r.known == nil || len(r.known) >= maxKnown || r.bytes+k.size() > maxBytes {
		r.known, r.bytes = make(map[string]*known), 0
	}
	r.known[b.Name], r.bytes = k, r.bytes+k.size()
	return k.rules, k.err
}

// Parse reads the rules of a bucket anew.
func Parse(b *objectstore.Bucket) (*Rules, error) {
	out := &Rules{}
	var err error
	if text := b.Documents[PolicyDocument]; text != "" {
		if out.Policy, err = policy.ParseBucket(text, b.Name); err != nil {
			return nil, errs.Wrap(err, errs.Internal, "policy_unreadable", "The bucket's kept policy cannot be read")
		}
		bound, err := bindings(b)
		if err != nil {
			return nil, errs.Wrap(err, errs.Internal, "policy_unreadable", "Whom the bucket's kept policy names cannot be read")
		}
		if bound != nil {
			out.Policy.Bind(bound)
		}
	}
	if out.ACL, err = ParseACL(b.Documents[ACLDocument]); err != nil {
		return nil, err
	}
	if out.Block, err = ParseBlock(b.Documents[BlockDocument]); err != nil {
		return nil, err
	}
	var ok bool
	if out.Ownership, ok = ParseOwnership(b.Documents[OwnershipDocument]); !ok {
		return nil, errs.New(errs.Internal, "ownership_unreadable", "The bucket's kept ownership controls cannot be read.")
	}
	return out, nil
}
