import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";

const pageSize = 200;

/** The versions of one object, the newest first, page by page. */
export const versionsQuery = (bucket: string, key: string) =>
  infiniteQueryOptions({
    queryKey: ["buckets", bucket, "versions", key],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) =>
      body(
        api.GET("/api/v1/buckets/{bucket}/versions", {
          params: { path: { bucket }, query: { key, cursor: pageParam || undefined, limit: 50 } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next || undefined,
  });

/** What was deleted in a folder and can be restored. */
export const deletedQuery = (bucket: string, prefix: string) =>
  infiniteQueryOptions({
    queryKey: ["buckets", bucket, "deleted", prefix],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) =>
      body(
        api.GET("/api/v1/buckets/{bucket}/versions", {
          params: {
            path: { bucket },
            query: { prefix, delimiter: "/", deleted: true, cursor: pageParam || undefined, limit: pageSize },
          },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next || undefined,
  });

/** What clients began to upload in parts and have not completed, in a folder and below. */
export const unfinishedQuery = (bucket: string, prefix: string) =>
  infiniteQueryOptions({
    queryKey: ["buckets", bucket, "unfinished", prefix],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) =>
      body(
        api.GET("/api/v1/buckets/{bucket}/uploads", {
          params: { path: { bucket }, query: { prefix, cursor: pageParam || undefined } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next || undefined,
  });

/** What is known of an object besides its bytes. */
export const objectQuery = (bucket: string, key: string) =>
  queryOptions({
    queryKey: ["buckets", bucket, "object", key],
    queryFn: ({ signal }) =>
      body(api.GET("/api/v1/buckets/{bucket}/version", { params: { path: { bucket }, query: { key } }, signal })),
    // What is being brought back from a tier is looked at until it is there.
    refetchInterval: (query) => (query.state.data?.restore?.ongoing ? 3000 : false),
  });

/** objectAddress is where the console serves the bytes of an object, or of one version of it. */
export function objectAddress(bucket: string, key: string, download = false, version = ""): string {
  const query = new URLSearchParams({ key, ...(version ? { version } : {}), ...(download ? { download: "1" } : {}) });
  return `/api/v1/buckets/${encodeURIComponent(bucket)}/object?${query.toString()}`;
}
