/**
 * The console API's words as the UI uses them. Features import types from here and never from the
 * generated schema, so that one file shows what the UI relies on.
 */

export type List<T> = { items: T[]; next?: string };

export type Instance = {
  version: string;
  name: string;
  setupRequired: boolean;
  /** Where S3 clients connect, as a URL. */
  s3Address: string;
  /** Only for signed-in callers. */
  docker?: { available: boolean; version?: string; message?: string };
};

export type User = {
  id: string;
  name: string;
  displayName: string;
  admin: boolean;
  disabled: boolean;
  createdAt: string;
};

export type Session = { user: User; csrf: string };

export type LoginSession = {
  id: string;
  createdAt: string;
  lastSeenAt: string;
  userAgent: string;
  address: string;
  current: boolean;
};

export type ApiToken = {
  id: string;
  name: string;
  createdAt: string;
  lastUsedAt?: string;
  expiresAt?: string;
  /** Only in the answer that made it. */
  token?: string;
};

export type S3Key = {
  accessKey: string;
  name: string;
  projectId?: string;
  createdAt: string;
  lastUsedAt?: string;
  /** Only in the answer that made it. */
  secretKey?: string;
};

export type Role = "owner" | "maintainer" | "developer" | "viewer";

export type Project = {
  id: string;
  slug: string;
  name: string;
  description: string;
  role: Role | "admin";
  createdAt: string;
  artifactBucket: string;
};

export type Member = { user: User; role: Role; since: string };

export type AuditEntry = {
  id: string;
  at: string;
  actor: { id: string; name: string };
  action: string;
  target: string;
  projectId?: string;
  detail?: unknown;
  address?: string;
  requestId?: string;
  outcome: string;
};

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

export type Bucket = {
  name: string;
  createdAt: string;
  projectId?: string;
  projectSlug?: string;
  system: boolean;
};

export type ObjectInfo = {
  key: string;
  size: number;
  etag: string;
  contentType: string;
  modifiedAt: string;
};

export type ObjectList = { items: ObjectInfo[]; prefixes: string[]; next?: string };

export type Share = { url: string; expiresAt: string };

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

export type DriveHealth = {
  path: string;
  state: "ok" | "offline" | "failing";
  message?: string;
  totalBytes: number;
  freeBytes: number;
};

export type DrivesHealth = {
  engine: string;
  parity: number;
  dataShards: number;
  parityShards: number;
  readQuorum: number;
  writeQuorum: number;
  writable: boolean;
  drives: DriveHealth[];
};
