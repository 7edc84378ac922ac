import { queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";

/** Where a bucket is copied to, and how far. */
export const replicationQuery = (bucket: string) =>
  queryOptions({
    queryKey: ["buckets", bucket, "replication"],
    queryFn: ({ signal }) =>
      body(api.GET("/api/v1/buckets/{bucket}/replication", { params: { path: { bucket } }, signal })).then((l) => l.items),
    refetchInterval: 3000,
  });

/** Which reports of what is in it a bucket has made. */
export const inventoryQuery = (bucket: string) =>
  queryOptions({
    queryKey: ["buckets", bucket, "inventory"],
    queryFn: ({ signal }) =>
      body(api.GET("/api/v1/buckets/{bucket}/inventory", { params: { path: { bucket } }, signal })),
    refetchInterval: 3000,
  });

/** Who is told what happens in a bucket, and what waits to be told. */
export const eventsQuery = (bucket: string) =>
  queryOptions({
    queryKey: ["buckets", bucket, "events"],
    queryFn: ({ signal }) => body(api.GET("/api/v1/buckets/{bucket}/events", { params: { path: { bucket } }, signal })),
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
