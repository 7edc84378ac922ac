/**
 * The console API's words as the UI uses them. Features import types from here and never from the
 * generated schema, so that one file shows what the UI relies on.
 */
import type { components } from "./schema";

type S = components["schemas"];

export type List<T> = { items: T[]; next?: string };

export type Instance = S["Instance"];

export type User = S["User"];

export type Session = S["Session"];

export type LoginSession = S["BrowserSession"];

export type ApiToken = S["Token"];

export type S3Key = S["AccessKey"];

/** The only answer with the secret in it. */
export type NewS3Key = S["NewAccessKey"];

export type Role = S["Member"]["role"];

export type Project = S["Project"];

export type Member = S["Member"];

export type AuditEntry = S["AuditEntry"];

export type RunState = "queued" | "running" | "success" | "failed" | "canceled" | "error";
export type StepState = "pending" | "running" | "success" | "failed" | "canceled" | "skipped" | "error";

export type RunSummary = {
  id: string;
  number: number;
  repository: string;
  state: RunState;
  trigger: "manual" | "api" | "webhook";
  branch: string;
  commit: string;
  commitMessage: string;
  author: string;
  createdAt: string;
  startedAt?: string;
  finishedAt?: string;
  error?: string;
};

export type Step = {
  id: string;
  name: string;
  image: string;
  state: StepState;
  exitCode?: number;
  startedAt?: string;
  finishedAt?: string;
  error?: string;
};

export type Stage = { name: string; state: StepState; steps: Step[] };

export type Artifact = { path: string; size: number; bucket: string; key: string };

export type Run = RunSummary & { revision: number; stages: Stage[]; artifacts: Artifact[] };

export type Repository = {
  id: string;
  name: string;
  cloneUrl: string;
  branch: string;
  hasCredential: boolean;
  webhookUrl: string;
  lastRun?: RunSummary;
  createdAt: string;
  /** Only in the answer that made it. */
  webhookSecret?: string;
};

export type Bucket = S["Bucket"];

export type ObjectInfo = S["Object"];

export type ObjectList = S["ObjectList"];

export type Share = S["ShareLink"];

export type ChatUser = { id: string; name: string; displayName: string };

export type ChatFile = { id: string; name: string; size: number; contentType: string; url: string };

export type RunCard = {
  type: "run";
  projectSlug: string;
  repository: string;
  number: number;
  state: RunState;
  branch: string;
  commit: string;
  commitMessage: string;
  author: string;
  url: string;
  stages: { name: string; state: StepState }[];
  startedAt?: string;
  finishedAt?: string;
};

export type Message = {
  id: string;
  roomId: string;
  seq: number;
  roomSeq: number;
  clientId: string;
  /** Absent when Croft itself speaks. */
  author?: ChatUser;
  kind: "text" | "card" | "file";
  text: string;
  file?: ChatFile;
  card?: RunCard;
  createdAt: string;
  editedAt?: string;
  revision: number;
};

export type Room = {
  id: string;
  kind: "all" | "project" | "direct";
  name: string;
  projectSlug?: string;
  members?: User[];
  unread: number;
  lastSeq: number;
  readSeq: number;
  lastMessage?: Message;
};

export type DriveHealth = S["Drive"];

export type DrivesHealth = S["DriveHealth"];
