import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import type { TopOrder, UsageRange } from "@/api/types";

export const ranges: UsageRange[] = ["day", "week", "month", "year"];
export const orders: TopOrder[] = ["size", "growth", "requests"];

const refetchInterval = 60_000;

/** How much a bucket held and how often it was asked for. */
export const bucketUsageQuery = (bucket: string, range: UsageRange) =>
  queryOptions({
    queryKey: ["buckets", bucket, "usage", range],
    queryFn: ({ signal }) =>
      body(api.GET("/api/v1/buckets/{bucket}/usage", { params: { path: { bucket }, query: { range } }, signal })),
    refetchInterval,
    // Another range of the same bucket may stand there until this one is known.
    placeholderData: (before, query) => (query?.queryKey[1] === bucket ? before : undefined),
  });

/** The same of all buckets together. */
export const usageQuery = (range: UsageRange) =>
  queryOptions({
    queryKey: ["usage", range],
    queryFn: ({ signal }) => body(api.GET("/api/v1/usage", { params: { query: { range } }, signal })),
    refetchInterval,
    placeholderData: keepPreviousData,
  });

/** The buckets that hold, grow or are asked for the most. */
export const topBucketsQuery = (range: UsageRange, by: TopOrder) =>
  queryOptions({
    queryKey: ["usage", "buckets", range, by],
    queryFn: ({ signal }) =>
      body(api.GET("/api/v1/usage/buckets", { params: { query: { range, by, limit: 20 } }, signal })).then((l) => l.items),
    refetchInterval,
    placeholderData: (before) => before,
  });
