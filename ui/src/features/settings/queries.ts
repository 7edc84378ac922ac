import { queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";

export const sessionsQuery = queryOptions({
  queryKey: ["me", "sessions"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/me/sessions", { signal })).then((l) => l.items),
});

export const tokensQuery = queryOptions({
  queryKey: ["me", "tokens"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/me/tokens", { signal })).then((l) => l.items),
});

export const encryptionQuery = queryOptions({
  queryKey: ["encryption"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/encryption", { signal })),
  refetchInterval: (query) => (query.state.data?.reseal?.running ? 1_000 : 15_000),
});

/** Where events of buckets can be posted to. */
export const webhooksQuery = queryOptions({
  queryKey: ["event-webhooks"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/event-webhooks", { signal })).then((l) => l.items),
});

/** Where events wait, of all buckets. */
export const eventQueuesQuery = queryOptions({
  queryKey: ["event-queues"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/event-queues", { signal })).then((l) => l.items ?? []),
  refetchInterval: 5_000,
});

/** Tiers, what they keep and whether they can be reached, which the server finds out after it was asked. */
export const tiersQuery = queryOptions({
  queryKey: ["tiers"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/tiers", { signal })).then((l) => l.items),
  refetchInterval: (query) => (query.state.data?.some((tier) => tier.state === "unknown") ? 1_000 : 5_000),
});

export const keysQuery = queryOptions({
  queryKey: ["me", "keys"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/me/keys", { signal })).then((l) => l.items),
});
