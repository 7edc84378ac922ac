package server

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"

	"croft/account"
	"croft/chat"
)

// Chat is what the console needs of chat. It asks no policy.
type Chat interface {
	RoomByID(ctx context.Context, id string) (chat.Room, error)
	Rooms(ctx context.Context, v chat.Viewer) (chat.Snapshot, error)
	RoomState(ctx context.Context, roomID, userID string) (chat.RoomState, error)
	DirectRoom(ctx context.Context, userIDs []string) (chat.Room, error)
	History(ctx context.Context, roomID string, beforeRoomSeq int64, limit int) ([]chat.Message, error)
	Post(ctx context.Context, r chat.PostRequest) (chat.Message, error)
	MarkRead(ctx context.Context, roomID, userID string, roomSeq int64) error
	PostFile(ctx context.Context, r chat.PostFileRequest) (chat.Message, error)
	FileByID(ctx context.Context, id string) (chat.File, error)
	OpenFile(ctx context.Context, f chat.File, offset, length int64) (io.ReadCloser, error)
}

var _ Chat = (*chat.Service)(nil)

// DirectRoomRequest names whom to talk to; the caller is always one of them.
type DirectRoomRequest struct {
	UserIDs []string `json:"userIds" maxItems:"32"`
}

// PostMessageRequest is a text to post.
type PostMessageRequest struct {
	ClientID string `json:"clientId" doc:"Made by the client. Sending again under it posts nothing new." maxLength:"64"`
	Text     string `json:"text"`
}

// MarkReadRequest says how far the caller has read.
type MarkReadRequest struct {
	RoomSeq int64 `json:"roomSeq" minimum:"0"`
}

// InRoom is the path parameter of everything in a room.
type InRoom struct {
	ID string `path:"id"`
}

type (
	directRoomInput struct{ Body DirectRoomRequest }
	historyInput    struct {
		InRoom
		Before int64 `query:"before" minimum:"0" doc:"Only messages before this roomSeq; 0 is the newest"`
		Limit  int   `query:"limit" minimum:"1" maximum:"200" default:"50"`
	}
	postMessageInput struct {
		InRoom
		Body PostMessageRequest
	}
	markReadInput struct {
		InRoom
		Body MarkReadRequest
	}
)

// chatAPI answers the chat routes.
type chatAPI struct {
	server  *Server
	chat    Chat
	present ChatPresenter
}

func (s *Server) chatRoutes() {
	c := chatAPI{server: s, chat: s.deps.Chat, present: NewChatPresenter(s.deps.Accounts)}
	everybody := Scope{"the room for all", nothingNamed}
	read, post := Need(account.RoomRead, c.room()), Need(account.RoomPost, c.room()).Unaudited("the room is its own record")
	route(s, op("list-rooms", http.MethodGet, "/chat/rooms", "Rooms that I may see, the liveliest first", "chat"), Need(account.RoomRead, everybody), c.listRooms)
	route(s, op("open-direct-room", http.MethodPost, "/chat/rooms", "The direct room of these users and me", "chat"),
		NeedBody(account.RoomPost, c.members), c.openDirectRoom)
	route(s, op("list-messages", http.MethodGet, "/chat/rooms/{id}/messages", "Messages of a room, oldest first", "chat"), read, c.listMessages)
	route(s, op("post-message", http.MethodPost, "/chat/rooms/{id}/messages", "Post a text; answered once it is committed", "chat"), post, c.postMessage)
	route(s, status(op("mark-read", http.MethodPost, "/chat/rooms/{id}/read", "Say how far I have read", "chat"), http.StatusNoContent),
		Need(account.RoomRead, c.room()).Unaudited("only a marker of one's own"), c.markRead)
	raw(s, chatUploadOp(), post, c.postFile)
	raw(s, chatFileOp(), Need(account.RoomRead, c.fileRoom()), c.getFile)
	raw(s, chatSocketOp(), Need(account.RoomRead, everybody), c.serveSocket)
}

// room is the room whose ID is in the path.
func (c chatAPI) room() Scope {
	return Scope{"the room", func(ctx context.Context, p Params) (account.Resource, error) {
		room, err := c.chat.RoomByID(ctx, p.Param("id"))
		return roomResource(room), err
	}}
}

// roomResource is a room as the policy knows it: a project's, its members', or everybody's.
func roomResource(r chat.Room) account.Resource {
	return account.Resource{ProjectID: r.ProjectID, Members: r.Members}
}

func (c chatAPI) viewer(ctx context.Context, p account.Principal) (chat.Viewer, error) {
	projects, err := c.server.deps.Accounts.ListProjects(ctx, p)
	viewer := chat.Viewer{UserID: p.UserID}
	for _, project := range projects {
		viewer.Projects = append(viewer.Projects, project.ID)
	}
	return viewer, err
}

func (c chatAPI) listRooms(ctx context.Context, _ *struct{}) (*body[List[Room]], error) {
	principal := account.PrincipalFrom(ctx)
	viewer, err := c.viewer(ctx, principal)
	if err != nil {
		return nil, err
	}
	snapshot, err := c.chat.Rooms(ctx, viewer)
	if err != nil {
		return nil, err
	}
	rooms, err := c.present.rooms(ctx, principal.UserID, snapshot.Rooms)
	return &body[List[Room]]{List[Room]{Items: rooms}}, err
}

// members are those of the direct room that the body asks for.
func (c chatAPI) members(ctx context.Context, in *directRoomInput) (account.Resource, error) {
	for _, id := range in.Body.UserIDs {
		if _, err := c.server.deps.Accounts.User(ctx, id); err != nil {
			return account.Resource{}, err
		}
	}
	return account.Resource{Members: append(slices.Clone(in.Body.UserIDs), account.PrincipalFrom(ctx).UserID)}, nil
}

func (c chatAPI) openDirectRoom(ctx context.Context, _ *directRoomInput) (*body[Room], error) {
	room, err := c.chat.DirectRoom(ctx, resourceFrom(ctx).Members)
	if err != nil {
		return nil, err
	}
	auditing(ctx).Target = "chat/rooms/" + room.ID
	userID := account.PrincipalFrom(ctx).UserID
	state, err := c.chat.RoomState(ctx, room.ID, userID)
	if err != nil {
		return nil, err
	}
	rooms, err := c.present.rooms(ctx, userID, []chat.RoomState{state})
	if err != nil {
		return nil, err
	}
	return &body[Room]{rooms[0]}, nil
}

func (c chatAPI) listMessages(ctx context.Context, in *historyInput) (*body[List[Message]], error) {
	history, err := c.chat.History(ctx, in.ID, in.Before, in.Limit)
	if err != nil {
		return nil, err
	}
	messages, err := c.present.messages(ctx, history)
	if err != nil {
		return nil, err
	}
	list := List[Message]{Items: messages}
	if len(messages) > 0 && messages[0].RoomSeq > 1 {
		list.Next = strconv.FormatInt(messages[0].RoomSeq, 10)
	}
	return &body[List[Message]]{list}, nil
}

func (c chatAPI) postMessage(ctx context.Context, in *postMessageInput) (*body[Message], error) {
	posted, err := c.chat.Post(ctx, chat.PostRequest{
		RoomID: in.ID, AuthorID: account.PrincipalFrom(ctx).UserID, ClientID: in.Body.ClientID, Text: in.Body.Text,
	})
	if err != nil {
		return nil, err
	}
	messages, err := c.present.messages(ctx, []chat.Message{posted})
	if err != nil {
		return nil, err
	}
	return &body[Message]{messages[0]}, nil
}

func (c chatAPI) markRead(ctx context.Context, in *markReadInput) (*struct{}, error) {
	return nil, c.chat.MarkRead(ctx, in.ID, account.PrincipalFrom(ctx).UserID, in.Body.RoomSeq)
}
