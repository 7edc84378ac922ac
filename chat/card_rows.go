package chat

import (
	"encoding/json"
	"time"
)

// cardPayload is how a message row holds its card.
type cardPayload struct {
	ProjectSlug   string             `json:"projectSlug"`
	Repository    string             `json:"repository"`
	Number        int64              `json:"number"`
	State         string             `json:"state"`
	Branch        string             `json:"branch"`
	Commit        string             `json:"commit"`
	CommitMessage string             `json:"commitMessage"`
	Author        string             `json:"author"`
	URL           string             `json:"url"`
	Stages        []cardStagePayload `json:"stages"`
	StartedAt     time.Time          `json:"startedAt,omitzero"`
	FinishedAt    time.Time          `json:"finishedAt,omitzero"`
}

type cardStagePayload struct {
	Name  string `json:"name"`
	State string `json:"state"`
}

func (p cardPayload) toApp() *RunCard {
	card := &RunCard{
		ProjectSlug: p.ProjectSlug, Repository: p.Repository, Number: p.Number, State: p.State, Branch: p.Branch, Commit: p.Commit,
		CommitMessage: p.CommitMessage, Author: p.Author, URL: p.URL, StartedAt: p.StartedAt, FinishedAt: p.FinishedAt,
	}
	for _, stage := range p.Stages {
		card.Stages = append(card.Stages, CardStage(stage))
	}
	return card
}

func runCardToPayload(c RunCard) (string, error) {
	payload := cardPayload{
		ProjectSlug: c.ProjectSlug, Repository: c.Repository, Number: c.Number, State: c.State, Branch: c.Branch, Commit: c.Commit,
		CommitMessage: c.CommitMessage, Author: c.Author, URL: c.URL, StartedAt: c.StartedAt, FinishedAt: c.FinishedAt,
	}
	for _, stage := range c.Stages {
		payload.Stages = append(payload.Stages, cardStagePayload(stage))
	}
	data, err := json.Marshal(payload)
	return string(data), err
}
