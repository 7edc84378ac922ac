package chat

import "encoding/json"

// condemnedUpload is the room sequence of an upload that is being removed.
const condemnedUpload = -1

type fileRow struct {
	ID          string `gorm:"primaryKey"`
	RoomID      string
	RoomSeq     int64 // 0 until its message is committed, or condemnedUpload
	Name        string
	ContentType string
	Size        int64
	CreatedAt   int64 `gorm:"autoCreateTime:false"`
}

func (fileRow) TableName() string { return "chat_files" }

func (r fileRow) toApp() File {
	return File{ID: r.ID, RoomID: r.RoomID, Name: r.Name, Size: r.Size, ContentType: r.ContentType}
}

// filePayload is how a message row holds its file.
type filePayload struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Size        int64  `json:"size"`
	ContentType string `json:"contentType"`
}

func (p filePayload) toApp(m Message) *File {
	return &File{ID: p.ID, RoomID: m.RoomID, Name: p.Name, Size: p.Size, ContentType: p.ContentType}
}

func fileToPayload(f File) (string, error) {
	data, err := json.Marshal(filePayload{ID: f.ID, Name: f.Name, Size: f.Size, ContentType: f.ContentType})
	return string(data), err
}
