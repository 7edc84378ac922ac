import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";

const pageSize = 20;

export const repositoryQuery = (project: string, name: string) =>
  queryOptions({
    queryKey: ["projects", project, "repositories", name],
    queryFn: ({ signal }) =>
      body(
        api.GET("/api/v1/projects/{project}/repositories/{name}", {
          params: { path: { project, name } },
          signal,
        }),
      ),
  });

/** The runs of one repository, newest first; refetched while the page is open, as webhooks start runs. */
export const runsQuery = (project: string, name: string) =>
  infiniteQueryOptions({
    queryKey: ["projects", project, "repositories", name, "runs"],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) =>
      body(
        api.GET("/api/v1/projects/{project}/repositories/{name}/runs", {
          params: { path: { project, name }, query: { cursor: pageParam || undefined, limit: pageSize } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next || undefined,
    refetchInterval: 5_000,
  });

export const runQuery = (project: string, name: string, number: number) =>
  queryOptions({
    queryKey: ["projects", project, "repositories", name, "runs", number],
    queryFn: ({ signal }) =>
      body(
        api.GET("/api/v1/projects/{project}/repositories/{name}/runs/{number}", {
          params: { path: { project, name, number } },
          signal,
        }),
      ),
  });

/** runAddress is the API's path of a run, for its streams and downloads. */
export function runAddress(project: string, name: string, number: number): string {
  return `/api/v1/projects/${encodeURIComponent(project)}/repositories/${encodeURIComponent(name)}/runs/${number}`;
}

export function isFinal(state: string): boolean {
  return state !== "queued" && state !== "running" && state !== "pending";
}
