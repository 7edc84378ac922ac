/** Server state that several rooms look at. A room's own queries live in its feature folder. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import type { Project, Role } from "./types";

export const projectsQuery = queryOptions({
  queryKey: ["projects"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/projects", { signal })).then((l) => l.items),
});

export const projectQuery = (project: string) =>
  queryOptions({
    queryKey: ["projects", project],
    queryFn: ({ signal }) =>
      body(api.GET("/api/v1/projects/{project}", { params: { path: { project } }, signal })),
  });

export const usersQuery = queryOptions({
  queryKey: ["users"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/users", { signal })).then((l) => l.items),
});

/** Whose tokens count here; for administrators. */
export const providersQuery = queryOptions({
  queryKey: ["identities", "providers"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/identity-providers", { signal })).then((l) => l.items),
});

export const projectRunsQuery = (project: string, limit = 10) =>
  queryOptions({
    queryKey: ["projects", project, "runs", { limit }],
    queryFn: ({ signal }) =>
      body(
        api.GET("/api/v1/projects/{project}/runs", {
          params: { path: { project }, query: { limit } },
          signal,
        }),
      ).then((l) => l.items),
  });

export const repositoriesQuery = (project: string) =>
  queryOptions({
    queryKey: ["projects", project, "repositories"],
    queryFn: ({ signal }) =>
      body(
        api.GET("/api/v1/projects/{project}/repositories", { params: { path: { project } }, signal }),
      ).then((l) => l.items),
  });

export const roomsQuery = queryOptions({
  queryKey: ["chat", "rooms"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/chat/rooms", { signal })).then((l) => l.items),
  staleTime: 30_000,
});

export const bucketsQuery = queryOptions({
  queryKey: ["buckets"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/buckets", { signal })).then((l) => l.items),
});

export const drivesQuery = queryOptions({
  queryKey: ["drives"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/health/drives", { signal })),
  refetchInterval: 30_000,
});

const ranks: Record<Project["role"], number> = {
  viewer: 1,
  developer: 2,
  maintainer: 3,
  owner: 4,
  admin: 5,
};

/** atLeast tells whether a role may do what asks for `least`. The server decides; this only hides. */
export function atLeast(role: Project["role"] | undefined, least: Role): boolean {
  return role !== undefined && ranks[role] >= ranks[least];
}

export function useRole(project: string) {
  return useQuery(projectQuery(project)).data?.role;
}

export const membersQuery = (project: string) =>
  queryOptions({
    queryKey: ["projects", project, "members"],
    queryFn: ({ signal }) =>
      body(
        api.GET("/api/v1/projects/{project}/members", { params: { path: { project } }, signal }),
      ).then((l) => l.items),
  });
