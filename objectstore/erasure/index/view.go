package index

import "context"

// View reads the catalogue as of one moment. It is good only inside the function
// it was given to, for one goroutine.
type View struct{ c *conn }

// View runs fn with a view of what is applied now. While it runs it holds one of
// the few reading connections, so fn must not read through DB itself.
func (db *DB) View(ctx context.Context, fn func(View) error) error {
	return db.read(ctx, func(v View) error {
		return v.c.snapshot(func() error { return fn(v) })
	})
}

// read lends fn a reading connection. Each statement sees one moment, several
// statements need a snapshot.
func (db *DB) read(ctx context.Context, fn func(View) error) error {
	c, err := db.readers.borrow(ctx)
	if err != nil {
		return err
	}
	defer db.readers.add(c)
	return fn(View{c})
}

// Get returns the value kept under a name, nil when there is none.
func (v View) Get(name string) ([]byte, error) {
	var value []byte
	_, err := v.c.first(func(row *stmt) (err error) {
		value, err = unsealBytes(0, []byte(name), row.view(0))
		return err
	}, "SELECT value FROM meta WHERE name = ?", name)
	return value, err
}

// Get is View.Get.
func (db *DB) Get(ctx context.Context, name string) (value []byte, err error) {
	err = db.read(ctx, func(v View) error {
		value, err = v.Get(name)
		return err
	})
	return value, err
}
