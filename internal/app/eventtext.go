package app

import (
	"fmt"
	"slices"
	"strings"

	"croft/objectstore/notification"
)

// sentences say events in a room: one as what it is, many as how many of each sort there
// were, where, and which was the latest.
func sentences(events []notification.Event) string {
	if len(events) == 1 {
		return sentence(&events[0])
	}
	var sorts []string
	of := map[string][]*notification.Event{}
	for i := range events {
		sort := said[events[i].Name]
		if of[sort] == nil {
			sorts = append(sorts, sort)
		}
		of[sort] = append(of[sort], &events[i])
	}
	slices.SortStableFunc(sorts, func(a, b string) int { return len(of[b]) - len(of[a]) })
	var lines []string
	for _, sort := range sorts {
		lines = append(lines, summary(sort, of[sort]))
	}
	return strings.Join(lines, "\n")
}

// summary says events of one sort.
func summary(sort string, events []*notification.Event) string {
	last := slices.MaxFunc(events, func(a, b *notification.Event) int { return int(a.Milliseconds - b.Milliseconds) })
	if len(events) == 1 {
		return sentence(last)
	}
	folder, bytes, users := folderOf(last.Key), int64(0), []string{}
	for _, e := range events {
		for !strings.HasPrefix(e.Key, folder) {
			folder = folderOf(strings.TrimSuffix(folder, "/"))
		}
		bytes += e.Size
		if e.User != "" && !slices.Contains(users, e.User) {
			users = append(users, e.User)
		}
	}
	text := fmt.Sprintf("%d %s in %s/%s", len(events), many[sort], last.Bucket, folder)
	if bytes > 0 {
		text += fmt.Sprintf(" (%d bytes)", bytes)
	}
	text += ", the latest " + last.Key[len(folder):]
	if len(users) > 3 {
		return text + ", by " + strings.Join(users[:3], ", ") + " and others"
	}
	if len(users) > 0 {
		text += ", by " + strings.Join(users, ", ")
	}
	return text
}

// folderOf is the key's beginning up to its last slash.
func folderOf(key string) string { return key[:strings.LastIndex(key, "/")+1] }

// sentence says one event.
func sentence(e *notification.Event) string {
	text := fmt.Sprintf("%s in %s: %s", said[e.Name], e.Bucket, e.Key)
	if e.ETag != "" {
		text += fmt.Sprintf(" (%d bytes)", e.Size)
	}
	if e.User != "" {
		text += ", by " + e.User
	}
	return text
}

var said = map[notification.Name]string{
	notification.CreatedPut: "New object", notification.CreatedPost: "New object", notification.CreatedCopy: "New copy",
	notification.CreatedComplete: "New object", notification.RemovedDelete: "Deleted", notification.RemovedMarker: "Deleted",
	notification.TaggingPut: "Tagged", notification.TaggingDelete: "Tags removed", notification.ACLPut: "Other grants",
	notification.ExpiredDelete: "Expired", notification.ExpiredMarker: "Expired", notification.Transitioned: "Moved to a tier",
	notification.RestoreAsked: "To be brought back from a tier", notification.RestoreDone: "Brought back from a tier", notification.RestoreEnded: "Copy beside a tier removed",
}

// many are what is said of one, of several.
var many = map[string]string{
	"New object": "new objects", "New copy": "new copies", "Deleted": "objects deleted", "Tagged": "objects tagged", "Tags removed": "objects without their tags",
	"Other grants": "objects with other grants", "Expired": "objects expired", "Moved to a tier": "objects moved to a tier",
	"To be brought back from a tier": "objects to be brought back from a tier", "Brought back from a tier": "objects brought back from a tier",
	"Copy beside a tier removed": "copies beside a tier removed",
}
