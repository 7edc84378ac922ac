import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";

const pageSize = 200;

/** One folder's objects and subfolders, page by page. */
export const folderQuery = (bucket: string, prefix: string) =>
  infiniteQueryOptions({
    queryKey: ["buckets", bucket, "folder", prefix],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) =>
      body(
        api.GET("/api/v1/buckets/{bucket}/objects", {
          params: {
            path: { bucket },
            query: { prefix, delimiter: "/", cursor: pageParam || undefined, limit: pageSize },
          },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next || undefined,
  });

/** Where a bucket is copied to, and how far. */
export const replicationQuery = (bucket: string) =>
  queryOptions({
    queryKey: ["buckets", bucket, "replication"],
    queryFn: ({ signal }) =>
      body(api.GET("/api/v1/buckets/{bucket}/replication", { params: { path: { bucket } }, signal })).then((l) => l.items),
    refetchInterval: 3000,
  });

/** objectAddress is where the console serves an object's bytes. */
export function objectAddress(bucket: string, key: string, download = false): string {
  const query = new URLSearchParams({ key, ...(download ? { download: "1" } : {}) });
  return `/api/v1/buckets/${encodeURIComponent(bucket)}/object?${query.toString()}`;
}
