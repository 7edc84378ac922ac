import { queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";

/** What a project's buckets hold, and may hold. */
export const storageQuery = (project: string) =>
  queryOptions({
    queryKey: ["projects", project, "storage"],
    queryFn: ({ signal }) =>
      body(api.GET("/api/v1/projects/{project}/storage", { params: { path: { project } }, signal })),
  });
