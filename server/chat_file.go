package server

import (
	"context"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"croft/account"
	"croft/chat"
)

func chatUploadOp() huma.Operation {
	o := op("post-file", http.MethodPost, "/chat/rooms/{id}/files", "Post the request's body as a file", "chat")
	o.MaxBodyBytes = -1 // chat has its own bound
	o.Parameters = []*huma.Param{
		query("name", "The file's name", true), query("clientId", "Made by the client. Sending again under it posts nothing new.", true),
	}
	o.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/octet-stream": {}}}
	o.Responses = map[string]*huma.Response{"200": {
		Description: "The message, committed",
		Content:     map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Ref: "#/components/schemas/Message"}}},
	}}
	return o
}

func chatFileOp() huma.Operation {
	o := op("get-chat-file", http.MethodGet, "/chat/files/{id}", "The file's bytes", "chat")
	o.Parameters = []*huma.Param{query("download", "1: never show it inline", false)}
	o.Responses = map[string]*huma.Response{"200": {Description: "The bytes", Content: map[string]*huma.MediaType{"application/octet-stream": {}}}}
	return o
}

// fileRoom is the room of the file whose ID is in the path.
func (c chatAPI) fileRoom() Scope {
	return Scope{"the file's room", func(ctx context.Context, p Params) (account.Resource, error) {
		file, err := c.chat.FileByID(ctx, p.Param("id"))
		if err != nil {
			return account.Resource{}, err
		}
		room, err := c.chat.RoomByID(ctx, file.RoomID)
		return roomResource(room), err
	}}
}

func (c chatAPI) postFile(w http.ResponseWriter, r *http.Request, p Params) error {
	posted, err := c.chat.PostFile(r.Context(), chat.PostFileRequest{
		RoomID: p.Param("id"), AuthorID: account.PrincipalFrom(r.Context()).UserID, ClientID: p.Query("clientId"),
		Name: p.Query("name"), ContentType: r.Header.Get("Content-Type"), Size: r.ContentLength, Body: c.server.patient(w, r),
	})
	if err != nil {
		return uploadError(err)
	}
	messages, err := c.present.messages(r.Context(), []chat.Message{posted})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, messages[0])
}

func (c chatAPI) getFile(w http.ResponseWriter, r *http.Request, p Params) error {
	file, err := c.chat.FileByID(r.Context(), p.Param("id"))
	if err != nil {
		return err
	}
	return c.server.serveFile(w, r, File{
		Name: file.Name, ContentType: file.ContentType, Size: file.Size, ETag: file.ID, Download: p.Query("download") == "1",
		Open: func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
			return c.chat.OpenFile(ctx, file, offset, length)
		},
	})
}
