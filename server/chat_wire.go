package server

import (
	"context"
	"strings"
	"time"

	"croft/account"
	"croft/chat"
	"croft/internal/errs"
)

// Room is a place to talk, as the caller sees it.
type Room struct {
	ID          string   `json:"id"`
	Kind        string   `json:"kind" enum:"all,project,direct"`
	Name        string   `json:"name" doc:"The project's name, or the others in a direct room; empty for the room for all"`
	ProjectSlug string   `json:"projectSlug,omitempty"`
	Members     []User   `json:"members,omitempty" doc:"Of a direct room, me included"`
	Unread      int64    `json:"unread" doc:"Messages of others after readSeq; 1000 means or more"`
	LastSeq     int64    `json:"lastSeq" doc:"roomSeq of the newest message"`
	ReadSeq     int64    `json:"readSeq" doc:"roomSeq up to which I have read"`
	LastMessage *Message `json:"lastMessage,omitempty"`
}

// Message is something said in a room.
type Message struct {
	ID        string     `json:"id"`
	RoomID    string     `json:"roomId"`
	Seq       int64      `json:"seq" doc:"Place in the sequence of all rooms"`
	RoomSeq   int64      `json:"roomSeq" doc:"Place in its room: 1, 2, 3 …"`
	ClientID  string     `json:"clientId"`
	Author    *ChatUser  `json:"author,omitempty" doc:"Absent when Croft itself speaks"`
	Kind      string     `json:"kind" enum:"text,file,card"`
	Text      string     `json:"text" doc:"For a file its name, for a card the same in a sentence"`
	File      *ChatFile  `json:"file,omitempty"`
	Card      *RunCard   `json:"card,omitempty"`
	CreatedAt time.Time  `json:"createdAt"`
	EditedAt  *time.Time `json:"editedAt,omitempty"`
	Revision  int64      `json:"revision" doc:"The higher one is the newer"`
}

// ChatUser is who wrote a message.
type ChatUser struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
}

// ChatFile is a file in a room.
type ChatFile struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Size        int64  `json:"size"`
	ContentType string `json:"contentType"`
	URL         string `json:"url"`
}

// RunCard is a pipeline run as its project's room shows it.
type RunCard struct {
	Type          string      `json:"type" enum:"run"`
	ProjectSlug   string      `json:"projectSlug"`
	Repository    string      `json:"repository"`
	Number        int64       `json:"number"`
	State         string      `json:"state"`
	Branch        string      `json:"branch"`
	Commit        string      `json:"commit"`
	CommitMessage string      `json:"commitMessage"`
	Author        string      `json:"author"`
	URL           string      `json:"url" doc:"Path of the run's page"`
	Stages        []CardStage `json:"stages"`
	StartedAt     *time.Time  `json:"startedAt,omitempty"`
	FinishedAt    *time.Time  `json:"finishedAt,omitempty"`
}

// CardStage is one stage of a card's run.
type CardStage struct {
	Name  string `json:"name"`
	State string `json:"state"`
}

// ChatDirectory knows the names behind IDs.
type ChatDirectory interface {
	User(ctx context.Context, id string) (account.User, error)
	Project(ctx context.Context, id string) (account.Project, error)
}

// ChatPresenter turns chat's words into wire types, for the API and the socket
// alike. Whom or what the directory does not know appears by its ID.
type ChatPresenter struct{ directory ChatDirectory }

// NewChatPresenter returns a presenter that asks the directory for names.
func NewChatPresenter(directory ChatDirectory) ChatPresenter { return ChatPresenter{directory} }

// Messages returns a Message for each message.
func (p ChatPresenter) Messages(ctx context.Context, messages []chat.Message) ([]any, error) {
	list, err := p.messages(ctx, messages)
	return anys(list), err
}

// Rooms returns a Room for each room, as the user sees it.
func (p ChatPresenter) Rooms(ctx context.Context, userID string, rooms []chat.RoomState) ([]any, error) {
	list, err := p.rooms(ctx, userID, rooms)
	return anys(list), err
}

func anys[T any](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}

func (p ChatPresenter) messages(ctx context.Context, messages []chat.Message) ([]Message, error) {
	names := nameBook{directory: p.directory}
	list := make([]Message, len(messages))
	for i, m := range messages {
		var err error
		if list[i], err = names.message(ctx, m); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (p ChatPresenter) rooms(ctx context.Context, userID string, rooms []chat.RoomState) ([]Room, error) {
	names := nameBook{directory: p.directory}
	list := make([]Room, len(rooms))
	for i, room := range rooms {
		var err error
		if list[i], err = names.room(ctx, userID, room); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// nameBook looks each user up once for one answer.
type nameBook struct {
	directory ChatDirectory
	users     map[string]account.User
}

func (b *nameBook) user(ctx context.Context, id string) (account.User, error) {
	if user, ok := b.users[id]; ok {
		return user, nil
	}
	user, err := b.directory.User(ctx, id)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return account.User{}, err
	}
	if err != nil {
		user = account.User{ID: id, Name: id, DisplayName: id}
	}
	if b.users == nil {
		b.users = make(map[string]account.User)
	}
	b.users[id] = user
	return user, nil
}

func (b *nameBook) message(ctx context.Context, m chat.Message) (Message, error) {
	out := Message{
		ID: m.ID, RoomID: m.RoomID, Seq: m.Seq, RoomSeq: m.RoomSeq, ClientID: m.ClientID, Kind: string(m.Kind), Text: m.Text,
		CreatedAt: m.CreatedAt, EditedAt: optional(m.EditedAt), Revision: m.Revision,
	}
	if m.AuthorID != "" {
		author, err := b.user(ctx, m.AuthorID)
		if err != nil {
			return Message{}, err
		}
		out.Author = &ChatUser{ID: author.ID, Name: author.Name, DisplayName: author.DisplayName}
	}
	if m.File != nil {
		out.File = &ChatFile{ID: m.File.ID, Name: m.File.Name, Size: m.File.Size, ContentType: m.File.ContentType, URL: apiPrefix + "/chat/files/" + m.File.ID}
	}
	if m.Card != nil {
		out.Card = wireCard(*m.Card)
	}
	return out, nil
}

func (b *nameBook) room(ctx context.Context, userID string, r chat.RoomState) (Room, error) {
	out := Room{ID: r.ID, Kind: string(r.Kind), Name: r.Name, Unread: r.Unread, LastSeq: r.LastSeq, ReadSeq: r.ReadSeq}
	if r.ProjectID != "" {
		project, err := b.directory.Project(ctx, r.ProjectID)
		if err != nil && errs.KindOf(err) != errs.NotFound {
			return Room{}, err
		}
		out.ProjectSlug = project.Slug
	}
	var others []string
	for _, id := range r.Members {
		member, err := b.user(ctx, id)
		if err != nil {
			return Room{}, err
		}
		out.Members = append(out.Members, wireUser(member))
		if id != userID {
			others = append(others, member.DisplayName)
		}
	}
	if r.Kind == chat.RoomDirect {
		out.Name = strings.Join(others, ", ")
	}
	if r.Last != nil {
		last, err := b.message(ctx, *r.Last)
		if err != nil {
			return Room{}, err
		}
		out.LastMessage = &last
	}
	return out, nil
}

func wireCard(c chat.RunCard) *RunCard {
	out := &RunCard{
		Type: "run", ProjectSlug: c.ProjectSlug, Repository: c.Repository, Number: c.Number, State: c.State, Branch: c.Branch,
		Commit: c.Commit, CommitMessage: c.CommitMessage, Author: c.Author, URL: c.URL, Stages: make([]CardStage, 0, len(c.Stages)),
		StartedAt: optional(c.StartedAt), FinishedAt: optional(c.FinishedAt),
	}
	for _, stage := range c.Stages {
		out.Stages = append(out.Stages, CardStage(stage))
	}
	return out
}
