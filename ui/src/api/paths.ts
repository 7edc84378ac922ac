/**
 * The routes the UI calls, in the shape openapi-typescript generates, so that the client is typed
 * by path. `npm run gen` writes schema.d.ts from openapi.json with the same shape.
 */
import type * as T from "./types";

type Json<B> = { content: { "application/json": B } };
type Op<Result, Body = undefined, Path = undefined, Query = undefined> = {
  parameters: (Path extends undefined ? { path?: never } : { path: Path }) &
    (Query extends undefined ? { query?: never } : { query?: Query }) & { header?: never; cookie?: never };
  responses: { 200: Json<Result> };
} & (Body extends undefined ? { requestBody?: never } : { requestBody: Json<Body> });

type Page = { cursor?: string; limit?: number };
type InProject = { project: string };
type InRepository = { project: string; name: string };
type InRun = { project: string; name: string; number: number };
type InBucket = { bucket: string };
type InRoom = { id: string };

export interface paths {
  "/api/v1/instance": { get: Op<T.Instance> };
  "/api/v1/setup": {
    post: Op<T.Session, { token: string; name: string; displayName: string; password: string }>;
  };
  "/api/v1/session": {
    get: Op<T.Session>;
    post: Op<T.Session, { name: string; password: string }>;
    delete: Op<void>;
  };
  "/api/v1/me": { patch: Op<T.User, { displayName?: string; locale?: string }> };
  "/api/v1/me/password": { post: Op<void, { current: string; new: string }> };
  "/api/v1/me/sessions": { get: Op<T.List<T.LoginSession>> };
  "/api/v1/me/sessions/{id}": { delete: Op<void, undefined, { id: string }> };
  "/api/v1/me/tokens": {
    get: Op<T.List<T.ApiToken>>;
    post: Op<T.ApiToken, { name: string; expiresAt?: string }>;
  };
  "/api/v1/me/tokens/{id}": { delete: Op<void, undefined, { id: string }> };
  "/api/v1/me/keys": {
    get: Op<T.List<T.S3Key>>;
    post: Op<T.S3Key, { name: string; projectId?: string }>;
  };
  "/api/v1/me/keys/{accessKey}": { delete: Op<void, undefined, { accessKey: string }> };
  "/api/v1/users": {
    get: Op<T.List<T.User>>;
    post: Op<T.User, { name: string; displayName: string; password: string; admin: boolean }>;
  };
  "/api/v1/users/{id}": {
    patch: Op<
      T.User,
      { displayName?: string; admin?: boolean; disabled?: boolean; password?: string },
      { id: string }
    >;
  };
  "/api/v1/projects": {
    get: Op<T.List<T.Project>>;
    post: Op<T.Project, { slug: string; name: string; description: string }>;
  };
  "/api/v1/projects/{project}": {
    get: Op<T.Project, undefined, InProject>;
    patch: Op<T.Project, { name?: string; description?: string }, InProject>;
    delete: Op<void, undefined, InProject>;
  };
  "/api/v1/projects/{project}/members": { get: Op<T.List<T.Member>, undefined, InProject> };
  "/api/v1/projects/{project}/members/{userId}": {
    put: Op<T.Member, { role: T.Role }, { project: string; userId: string }>;
    delete: Op<void, undefined, { project: string; userId: string }>;
  };
  "/api/v1/projects/{project}/runs": { get: Op<T.List<T.RunSummary>, undefined, InProject, Page> };
  "/api/v1/projects/{project}/repositories": {
    get: Op<T.List<T.Repository>, undefined, InProject>;
    post: Op<
      T.Repository,
      { name: string; cloneUrl: string; branch: string; username?: string; password?: string },
      InProject
    >;
  };
  "/api/v1/projects/{project}/repositories/{name}": {
    get: Op<T.Repository, undefined, InRepository>;
    patch: Op<
      T.Repository,
      { cloneUrl?: string; branch?: string; username?: string; password?: string },
      InRepository
    >;
    delete: Op<void, undefined, InRepository>;
  };
  "/api/v1/projects/{project}/repositories/{name}/webhook-secret": {
    post: Op<{ webhookSecret: string }, undefined, InRepository>;
  };
  "/api/v1/projects/{project}/repositories/{name}/runs": {
    get: Op<T.List<T.RunSummary>, undefined, InRepository, Page>;
    post: Op<
      T.Run,
      { branch?: string; commit?: string; variables?: Record<string, string> },
      InRepository
    >;
  };
  "/api/v1/projects/{project}/repositories/{name}/runs/{number}": {
    get: Op<T.Run, undefined, InRun>;
  };
  "/api/v1/projects/{project}/repositories/{name}/runs/{number}/cancel": {
    post: Op<T.Run, undefined, InRun>;
  };
  "/api/v1/buckets": {
    get: Op<T.List<T.Bucket>, undefined, undefined, { project?: string }>;
    post: Op<T.Bucket, { name: string; project?: string }>;
  };
  "/api/v1/buckets/{bucket}": { delete: Op<void, undefined, InBucket> };
  "/api/v1/buckets/{bucket}/objects": {
    get: Op<T.ObjectList, undefined, InBucket, Page & { prefix?: string; delimiter?: string }>;
  };
  "/api/v1/buckets/{bucket}/object": {
    delete: Op<void, undefined, InBucket, { key: string }>;
  };
  "/api/v1/buckets/{bucket}/delete": {
    post: Op<{ deleted: number }, { keys: string[]; prefix?: string }, InBucket>;
  };
  "/api/v1/buckets/{bucket}/share": {
    post: Op<T.Share, { key: string; expiresSeconds: number }, InBucket>;
  };
  "/api/v1/chat/rooms": {
    get: Op<T.List<T.Room>>;
    post: Op<T.Room, { userIds: string[] }>;
  };
  "/api/v1/chat/rooms/{id}/messages": {
    get: Op<T.List<T.Message>, undefined, InRoom, { before?: number; limit?: number }>;
    post: Op<T.Message, { clientId: string; text: string }, InRoom>;
  };
  "/api/v1/chat/rooms/{id}/read": { post: Op<void, { roomSeq: number }, InRoom> };
  "/api/v1/audit": {
    get: Op<T.List<T.AuditEntry>, undefined, undefined, Page & { project?: string }>;
  };
  "/api/v1/health/drives": { get: Op<T.DrivesHealth> };
}
