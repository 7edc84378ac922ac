package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"croft/account"
	"croft/chat"
	"croft/internal/errs"
)

// ChatSocket upgrades a request to chat's socket protocol and serves it until it
// ends. It refuses foreign origins itself.
type ChatSocket interface {
	ServeSocket(w http.ResponseWriter, r *http.Request, caller SocketCaller)
}

// SocketCaller is who opened a socket. Each method asks anew who that is, so that
// a session which has ended can do nothing more.
type SocketCaller interface {
	UserID() string
	Check(ctx context.Context) error
	Viewer(ctx context.Context) (chat.Viewer, error)
	Post(ctx context.Context, roomID, clientID, text string) (chat.Message, error)
}

func chatSocketOp() huma.Operation {
	o := op("chat-socket", http.MethodGet, "/chat/socket", "WebSocket: send messages, receive events", "chat")
	o.Responses = map[string]*huma.Response{"101": {Description: "The socket protocol of package chat/ws"}, "403": {Description: "A foreign origin"}}
	return o
}

func (c chatAPI) serveSocket(w http.ResponseWriter, r *http.Request, _ Params) error {
	c.server.deps.Socket.ServeSocket(w, r, socketCaller{api: c, request: r, userID: account.PrincipalFrom(r.Context()).UserID})
	return nil
}

type socketCaller struct {
	api     chatAPI
	request *http.Request // for its credential alone
	userID  string
}

var _ SocketCaller = socketCaller{}

func (c socketCaller) UserID() string { return c.userID }

func (c socketCaller) Check(ctx context.Context) error {
	_, err := c.principal(ctx)
	return err
}

func (c socketCaller) Viewer(ctx context.Context) (chat.Viewer, error) {
	principal, err := c.principal(ctx)
	if err != nil {
		return chat.Viewer{}, err
	}
	return c.api.viewer(ctx, principal)
}

func (c socketCaller) Post(ctx context.Context, roomID, clientID, text string) (chat.Message, error) {
	principal, err := c.principal(ctx)
	if err != nil {
		return chat.Message{}, err
	}
	room, err := c.api.chat.RoomByID(ctx, roomID)
	if err != nil {
		return chat.Message{}, err
	}
	err = c.api.server.deps.Accounts.Authorize(ctx, principal, account.RoomPost, roomResource(room))
	if errs.KindOf(err) == errs.NotFound {
		return chat.Message{}, chat.ErrRoomNotFound // whatever it is that they may not know of
	}
	if err != nil {
		return chat.Message{}, err
	}
	return c.api.chat.Post(ctx, chat.PostRequest{RoomID: roomID, AuthorID: principal.UserID, ClientID: clientID, Text: text})
}

// principal finds out again who holds the credential that opened the socket.
func (c socketCaller) principal(ctx context.Context) (account.Principal, error) {
	principal, _, err := c.api.server.credential(ctx, c.request)
	if err == nil && principal.UserID != c.userID {
		err = errUnauthenticated
	}
	return principal, err
}
