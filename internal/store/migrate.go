package store

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"croft/internal/errs"
)

// ErrNewerSchema says that the database was written by a later version of Croft.
var ErrNewerSchema = errs.New(errs.Conflict, "newer_schema", "This data folder was written by a newer version of Croft.")

type migration struct {
	number int
	name   string
}

// migrate runs the files NNNN_name.sql that the database has not seen yet, each
// in its own transaction, in the order of their numbers.
func migrate(ctx context.Context, db *gorm.DB, files fs.FS) error {
	pending, err := listMigrations(files)
	if err != nil {
		return err
	}
	db = db.WithContext(ctx)
	var current int
	if err := db.Raw("PRAGMA user_version").Scan(&current).Error; err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if err := checkVersion(current, pending); err != nil {
		return err
	}
	for _, m := range pending {
		if m.number <= current {
			continue
		}
		if err := apply(db, files, m); err != nil {
			return fmt.Errorf("migration %s: %w", m.name, err)
		}
	}
	return nil
}

func apply(db *gorm.DB, files fs.FS, m migration) error {
	script, err := fs.ReadFile(files, m.name)
	if err != nil {
		return err
	}
	return db.Transaction(func(tx *gorm.DB) error {
		// The pool's connection runs the whole script at once; gorm would
		// read "?" and "@name" inside it as parameters.
		if _, err := tx.Statement.ConnPool.ExecContext(tx.Statement.Context, string(script)); err != nil {
			return err
		}
		return tx.Exec("PRAGMA user_version = " + strconv.Itoa(m.number)).Error
	})
}

func listMigrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	var list []migration
	seen := make(map[int]string)
	for _, name := range names {
		prefix, _, _ := strings.Cut(path.Base(name), "_")
		number, err := strconv.Atoi(prefix)
		if err != nil || number < 1 {
			return nil, fmt.Errorf("migration %s: a name starts with its number", name)
		}
		if other, taken := seen[number]; taken {
			return nil, fmt.Errorf("migrations %s and %s share a number", other, name)
		}
		seen[number] = name
		list = append(list, migration{number, name})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].number < list[j].number })
	return list, nil
}
