package erasure

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
)

// request is one operation on a key, and answer what came of it. Values are named
// by their ETags; "" is that the key holds nothing.
type request struct {
	kind  string // get, put, delete
	key   string
	value string // to put
	// match, unless "any", is what the key must hold for a put; "" is nothing.
	match string
}

type answer struct {
	value   string // got
	existed bool   // deleted
	refused bool   // the condition did not hold
	unknown bool   // cut off: it happened or not, then or later
}

// register is what a key of the store promises to be: one value at a time.
var register = porcupine.NondeterministicModel{
	Init: func() []any { return []any{""} },
	Step: func(state, input, output any) []any {
		held, in, out := state.(string), input.(request), output.(answer)
		next, right := held, false
		switch in.kind {
		case "get":
			right = out.value == held
		case "put":
			holds := in.match == "any" || in.match == held
			if right = out.refused != holds; holds {
				next = in.value
			}
		case "delete":
			right, next = out.existed == (held != ""), ""
		}
		switch {
		case out.unknown:
			return []any{held, next}
		case right:
			return []any{next}
		}
		return nil
	},
	Equal: func(a, b any) bool { return a == b },
}

// client does one request; ask is the store's, or what a test makes of it.
type ask func(ctx context.Context, s *Store, r request, body []byte) (answer, error)

func askStore(ctx context.Context, s *Store, r request, body []byte) (a answer, err error) {
	switch r.kind {
	case "get":
		_, b, err := s.Get(ctx, "bucket", r.key, nil)
		if errors.Is(err, objectstore.ErrObjectNotFound) {
			return a, nil
		}
		if err != nil {
			return a, err
		}
		sum := md5.New()
		_, err = io.Copy(sum, b)
		a.value = fmt.Sprintf("%x", sum.Sum(nil))
		return a, errors.Join(err, b.Close())
	case "delete":
		a.existed, err = s.Delete(ctx, "bucket", r.key)
		return a, err
	}
	p := objectstore.PutRequest{Bucket: "bucket", Key: r.key, Body: readerOf(body), Size: int64(len(body))}
	if r.match != "any" {
		p.Condition = objectstore.Condition{ETag: r.match, Absent: r.match == ""}
	}
	_, err = s.Put(ctx, p)
	if errors.Is(err, objectstore.ErrPreconditionFailed) || p.Condition.ETag != "" && errors.Is(err, objectstore.ErrObjectNotFound) {
		return answer{refused: true}, nil
	}
	return a, err
}

// history lets clients work on few keys of a store that is killed, or loses its
// power, again and again, and returns what they saw.
func history(t *testing.T, seed uint64, lives int, do ask) (all [][]porcupine.Operation) {
	t.Helper()
	scratch, folder := quickDir(t), ""
	m := simdisk.NewMachine(seed)
	rng := rand.New(rand.NewPCG(seed, 8))
	keys := map[string]*[]porcupine.Operation{"a": {}, "b": {}}
	began := time.Now()
	now := func() int64 { return time.Since(began).Nanoseconds() }
	folder = newFolder(t, scratch)
	for life := range lives {
		s, err := openSim(t.Context(), m, 4, filepath.Join(folder, catalogueName))
		if err != nil {
			t.Fatalf("seed %d, life %d: %v", seed, life, err)
		}
		if life == 0 {
			if _, err := s.CreateBucket(t.Context(), objectstore.Bucket{Name: "bucket"}); err != nil {
				t.Fatal(err)
			}
		}
		if life < lives-1 {
			m.CrashAfter(100 + rng.IntN(400))
		}
		var mu sync.Mutex // guards the histories
		var clients sync.WaitGroup
		for c := range 5 {
			rng := rand.New(rand.NewPCG(seed, uint64(100*life+c)))
			clients.Go(func() {
				last := map[string]string{} // what the client saw last
				for n := range 30 {
					r := request{kind: []string{"get", "get", "put", "put", "put", "delete"}[rng.IntN(6)], key: []string{"a", "b"}[rng.IntN(2)], match: "any"}
					body := fmt.Appendf(make([]byte, []int{0, 3000, 200_000}[rng.IntN(3)]), "%d/%d/%d", life, c, n)
					if r.kind == "put" {
						r.value = fmt.Sprintf("%x", md5.Sum(body))
						r.match = []string{"any", last[r.key], ""}[rng.IntN(3)]
					}
					op := porcupine.Operation{ClientId: 10*life + c, Input: r, Call: now()}
					a, err := do(t.Context(), s, r, body)
					op.Return = now()
					if err != nil {
						if !m.Crashed() {
							t.Errorf("seed %d: %+v: %v", seed, r, err)
						}
						a, op.Return = answer{unknown: true}, math.MaxInt64
					}
					op.Output = a
					if r.kind == "get" && err == nil {
						last[r.key] = a.value
					} else if r.kind == "put" && err == nil && !a.refused {
						last[r.key] = r.value
					}
					if r.kind != "get" || err == nil {
						mu.Lock()
						*keys[r.key] = append(*keys[r.key], op)
						mu.Unlock()
					}
					if err != nil {
						return
					}
				}
			})
		}
		clients.Wait()
		left := copyCatalogue(t, folder, 1000)
		after := m.Kill()
		if life%2 == 1 {
			after = m.Crash()
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		m, folder = after, left
		if rng.IntN(3) == 0 {
			folder = newFolder(t, scratch)
		}
	}
	for _, ops := range keys {
		all = append(all, *ops)
	}
	return all
}

// linear checks what was seen of each key.
func linear(t *testing.T, all [][]porcupine.Operation) bool {
	t.Helper()
	for _, ops := range all {
		switch porcupine.CheckOperationsTimeout(register.ToModel(), ops, 20*time.Second) {
		case porcupine.Illegal:
			return false
		case porcupine.Unknown:
			t.Logf("%d operations took too long to check", len(ops))
		}
	}
	return true
}

// TestLinearizable demands that a key is one value at a time to all clients, across
// kills and losses of power.
func TestLinearizable(t *testing.T) {
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	for range rounds {
		seed := uint64(time.Now().UnixNano())
		if all := history(t, seed, 5, askStore); !linear(t, all) {
			t.Fatalf("seed %d: what clients saw cannot be", seed)
		}
	}
}

// TestLinearizabilityIsChecked breaks the store in ways that the check must see.
func TestLinearizabilityIsChecked(t *testing.T) {
	var mu sync.Mutex // guards the following 2 variables
	var count int
	stale := map[string]answer{}
	broken := map[string]ask{
		"stale reads": func(ctx context.Context, s *Store, r request, body []byte) (answer, error) {
			a, err := askStore(ctx, s, r, body)
			if r.kind == "get" && err == nil {
				mu.Lock()
				defer mu.Unlock()
				if old, ok := stale[r.key]; ok && count%4 == 0 {
					a = old
				} else {
					stale[r.key] = a
				}
				count++
			}
			return a, err
		},
		"lost writes": func(ctx context.Context, s *Store, r request, body []byte) (answer, error) {
			mu.Lock()
			count++
			lose := r.kind == "put" && r.match == "any" && count%10 == 0
			mu.Unlock()
			if lose {
				return answer{}, nil
			}
			return askStore(ctx, s, r, body)
		},
		"conditions that are not checked": func(ctx context.Context, s *Store, r request, body []byte) (answer, error) {
			r.match = "any"
			return askStore(ctx, s, r, body)
		},
	}
	for name, do := range broken {
		noticed := false
		for seed := uint64(1); seed <= 20 && !noticed; seed++ { // a crash may come too early
			clear(stale)
			noticed = !linear(t, history(t, seed, 2, do))
		}
		if !noticed {
			t.Errorf("%s: not noticed", name)
		}
	}
}
