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

/** Where rules that are set over S3 may copy a bucket to. */
export const replicationTargetsQuery = (bucket: string) =>
  queryOptions({
    queryKey: ["buckets", bucket, "replication-targets"],
    queryFn: ({ signal }) =>
      body(api.GET("/api/v1/buckets/{bucket}/replication-targets", { params: { path: { bucket } }, signal })).then(
        (l) => l.items,
      ),
    refetchInterval: 5000,
  });

/** A bucket's lifecycle rules, and what they did. */
export const lifecycleQuery = (bucket: string) =>
  queryOptions({
    queryKey: ["buckets", bucket, "lifecycle"],
    queryFn: ({ signal }) =>
      body(api.GET("/api/v1/buckets/{bucket}/lifecycle", { params: { path: { bucket } }, signal })),
    refetchInterval: 5000,
  });

/** The tiers that rules may move objects to. */
export const tierNamesQuery = queryOptions({
  queryKey: ["tier-names"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/tier-names", { signal })).then((l) => l.items),
});

/** A bucket's settings and what it holds. */
export const bucketQuery = (bucket: string) =>
  queryOptions({
    queryKey: ["buckets", bucket, "details"],
    queryFn: ({ signal }) => body(api.GET("/api/v1/buckets/{bucket}", { params: { path: { bucket } }, signal })),
  });

/** Who may reach a bucket over S3, beside its project. */
export const accessQuery = (bucket: string) =>
  queryOptions({
    queryKey: ["buckets", bucket, "access"],
    queryFn: ({ signal }) => body(api.GET("/api/v1/buckets/{bucket}/access", { params: { path: { bucket } }, signal })),
  });

/** What web applications may do with a bucket. */
export const webQuery = (bucket: string) =>
  queryOptions({
    queryKey: ["buckets", bucket, "web"],
    queryFn: ({ signal }) => body(api.GET("/api/v1/buckets/{bucket}/web", { params: { path: { bucket } }, signal })),
  });

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

/** What is known of an object besides its bytes. */
export const objectQuery = (bucket: string, key: string) =>
  queryOptions({
    queryKey: ["buckets", bucket, "object", key],
    queryFn: ({ signal }) =>
      body(api.GET("/api/v1/buckets/{bucket}/version", { params: { path: { bucket }, query: { key } }, signal })),
  });

/** objectAddress is where the console serves the bytes of an object, or of one version of it. */
export function objectAddress(bucket: string, key: string, download = false, version = ""): string {
  const query = new URLSearchParams({ key, ...(version ? { version } : {}), ...(download ? { download: "1" } : {}) });
  return `/api/v1/buckets/${encodeURIComponent(bucket)}/object?${query.toString()}`;
}
