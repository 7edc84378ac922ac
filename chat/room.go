package chat

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"croft/internal/ids"
	"croft/internal/store"
)

// RoomKind says who a room is for.
type RoomKind string

// The kinds of rooms.
const (
	RoomAll     RoomKind = "all"     // everyone; there is exactly one
	RoomProject RoomKind = "project" // who may see the project; one a project
	RoomDirect  RoomKind = "direct"  // its members and nobody else; one a set of people
)

// AllRoomID is the ID of the one room for everyone. It always exists.
const AllRoomID = "all"

// maxMembers bounds a direct room.
const maxMembers = 32

// Room is a place to talk.
type Room struct {
	ID        string
	Kind      RoomKind
	ProjectID string   // kind project
	Members   []string // kind direct: user IDs, sorted
	Name      string   // kind project: the project's name; empty otherwise
	LastSeq   int64    // room sequence of the newest message; 0 when there is none
	CreatedAt time.Time
}

// Viewer is a user together with the projects that the policy lets them see.
type Viewer struct {
	UserID   string
	Projects []string
}

// RoomByID returns a room, whoever asks; the caller decides whether to show it.
func (s *Service) RoomByID(ctx context.Context, id string) (Room, error) {
	return loadRoom(s.read(ctx), "id = ?", id)
}

// VisibleRooms returns the IDs of the rooms that the viewer may see: the room
// for all, those of the viewer's projects, and those the viewer is a member of.
func (s *Service) VisibleRooms(ctx context.Context, v Viewer) (map[string]bool, error) {
	var list []string
	err := s.read(ctx).Model(&roomRow{}).Where(visibleTo, v.args()...).Pluck("id", &list).Error
	if err != nil {
		return nil, fmt.Errorf("list visible rooms: %w", err)
	}
	visible := make(map[string]bool, len(list))
	for _, id := range list {
		visible[id] = true
	}
	return visible, nil
}

// visibleTo is the one condition on chat_rooms that says which a viewer may see.
// An admin is no exception to membership.
const visibleTo = `kind = 'all'
	OR (kind = 'project' AND project_id IN ?)
	OR (kind = 'direct' AND id IN (SELECT room_id FROM chat_members WHERE user_id = ?))`

func (v Viewer) args() []any {
	projects := v.Projects
	if len(projects) == 0 {
		projects = []string{""}
	}
	return []any{projects, v.UserID}
}

// EnsureProjectRoom returns the project's room, made or renamed when it has to be.
func (s *Service) EnsureProjectRoom(ctx context.Context, projectID, name string) (Room, error) {
	room, err := loadRoom(s.read(ctx), "project_id = ?", projectID)
	if err == nil && room.Name == name {
		return room, nil
	}
	return s.writeRoom(ctx, func(tx *gorm.DB) (string, bool, error) {
		row := roomRow{Kind: string(RoomProject), ProjectID: &projectID, Name: name}
		err := tx.First(&row, "project_id = ?", projectID).Error
		switch {
		case err == nil && row.Name == name:
			return row.ID, false, nil
		case err == nil:
			return row.ID, true, tx.Model(&row).Update("name", name).Error
		case !store.NotFound(err):
			return "", false, err
		}
		row.ID, row.CreatedAt = ids.New(), s.now()
		return row.ID, true, tx.Create(&row).Error
	})
}

// DirectRoom returns the one room of this set of users, made when there is none.
// Order and repetition do not matter.
func (s *Service) DirectRoom(ctx context.Context, userIDs []string) (Room, error) {
	members := slices.Compact(slices.Sorted(slices.Values(userIDs)))
	if len(members) < 2 || len(members) > maxMembers || slices.ContainsFunc(members, badID) {
		return Room{}, ErrMembersInvalid
	}
	key := strings.Join(members, ",")
	room, err := loadRoom(s.read(ctx), "member_key = ?", key)
	if err == nil {
		return room, nil
	}
	return s.writeRoom(ctx, func(tx *gorm.DB) (string, bool, error) {
		row := roomRow{Kind: string(RoomDirect), MemberKey: &key}
		err := tx.First(&row, "member_key = ?", key).Error
		if err == nil {
			return row.ID, false, nil
		}
		if !store.NotFound(err) {
			return "", false, err
		}
		row.ID, row.CreatedAt = ids.New(), s.now()
		rows := make([]memberRow, len(members))
		for i, userID := range members {
			rows[i] = memberRow{RoomID: row.ID, UserID: userID}
		}
		if err := tx.Create(&row).Error; err != nil {
			return "", false, err
		}
		return row.ID, true, tx.Create(&rows).Error
	})
}

func badID(id string) bool { return id == "" || strings.Contains(id, ",") }

// writeRoom runs change in a transaction; when it changed the room, the log says so.
func (s *Service) writeRoom(ctx context.Context, change func(tx *gorm.DB) (id string, changed bool, err error)) (room Room, err error) {
	var seq int64
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		id, changed, err := change(tx)
		if err != nil {
			return err
		}
		if changed {
			if seq, err = appendEvent(tx, eventRow{Kind: string(EventRoom), RoomID: id}); err != nil {
				return err
			}
		}
		room, err = loadRoom(tx, "id = ?", id)
		return err
	})
	if err != nil {
		return Room{}, fmt.Errorf("write room: %w", err)
	}
	if seq > 0 {
		s.announce(seq)
	}
	return room, nil
}
