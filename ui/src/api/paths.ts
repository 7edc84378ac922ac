/**
 * The routes the UI calls, in the shape openapi-typescript generates, so that the client is typed
 * by path. `npm run gen` writes schema.d.ts from openapi.json with the same shape.
 */
import type { paths as Generated } from "./schema";
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
type InRoom = { id: string };

interface Awaited {
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
  "/api/v1/chat/rooms": {
    get: Op<T.List<T.Room>>;
    post: Op<T.Room, { userIds: string[] }>;
  };
  "/api/v1/chat/rooms/{id}/messages": {
    get: Op<T.List<T.Message>, undefined, InRoom, { before?: number; limit?: number }>;
    post: Op<T.Message, { clientId: string; text: string }, InRoom>;
  };
  "/api/v1/chat/rooms/{id}/read": { post: Op<void, { roomSeq: number }, InRoom> };
}

export type paths = Generated & Awaited;
