package account

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"

	"croft/internal/errs"
)

// Entry is one row of the audit log: who tried what, and how it ended.
type Entry struct {
	ID        int64
	At        time.Time
	ActorID   string
	ActorName string
	Via       Via
	Action    string
	Target    string
	ProjectID string
	Detail    string
	Address   string
	RequestID string
	Outcome   string // "ok", or the code of the error
}

// AuditFilter selects a part of the log.
type AuditFilter struct {
	ProjectID string // empty: everything
	Cursor    string // of the page before; empty: the newest page
	Limit     int
}

type auditRow struct {
	ID        int64
	At        int64
	ActorID   string
	ActorName string
	Via       string
	Action    string
	Target    string
	ProjectID string
	Detail    string
	Address   string
	RequestID string
	Outcome   string
}

func (auditRow) TableName() string { return "audit" }

func (r auditRow) toApp() Entry {
	return Entry{
		ID: r.ID, At: fromMillis(r.At), ActorID: r.ActorID, ActorName: r.ActorName, Via: Via(r.Via), Action: r.Action, Target: r.Target,
		ProjectID: r.ProjectID, Detail: r.Detail, Address: r.Address, RequestID: r.RequestID, Outcome: r.Outcome,
	}
}

// Audit adds an entry; its ID and time are set here.
func (s *Service) Audit(ctx context.Context, e Entry) error {
	row := auditRow{
		At: millis(s.now()), ActorID: e.ActorID, ActorName: cut(e.ActorName, 64), Via: string(e.Via), Action: e.Action, Target: cut(e.Target, 1100),
		ProjectID: e.ProjectID, Detail: cut(e.Detail, 2000), Address: e.Address, RequestID: e.RequestID, Outcome: e.Outcome,
	}
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		if err := tx.Create(&row).Error; err != nil {
			return fmt.Errorf("write audit row: %w", err)
		}
		return nil
	})
}

// ListAudit returns a page of the log, the newest first, and the next page's cursor.
func (s *Service) ListAudit(ctx context.Context, f AuditFilter) ([]Entry, string, error) {
	if f.Limit < 1 || f.Limit > 500 {
		f.Limit = 100
	}
	query := s.db.Read(ctx).Order("id DESC").Limit(f.Limit + 1)
	if f.ProjectID != "" {
		query = query.Where("project_id = ?", f.ProjectID)
	}
	if f.Cursor != "" {
		before, err := strconv.ParseInt(f.Cursor, 10, 64)
		if err != nil {
			return nil, "", errs.New(errs.Invalid, "cursor_invalid", "The cursor is not one of ours.")
		}
		query = query.Where("id < ?", before)
	}
	var rows []auditRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, "", fmt.Errorf("list audit log: %w", err)
	}
	next := ""
	if len(rows) > f.Limit {
		rows = rows[:f.Limit]
		next = strconv.FormatInt(rows[len(rows)-1].ID, 10)
	}
	entries := make([]Entry, len(rows))
	for i, row := range rows {
		entries[i] = row.toApp()
	}
	return entries, next, nil
}
