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

export const keysQuery = queryOptions({
  queryKey: ["me", "keys"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/me/keys", { signal })).then((l) => l.items),
});
