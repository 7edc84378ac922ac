import { queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";

/** The actions, condition keys and operators that policies know. */
export const languageQuery = queryOptions({
  queryKey: ["policy-language"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/policy-language", { signal })),
  staleTime: Infinity,
});

/** What is wrong with a text as the policy of a bucket, which is not kept. */
export const checkQuery = (bucket: string, policy: string) =>
  queryOptions({
    queryKey: ["buckets", bucket, "policy-check", policy],
    queryFn: ({ signal }) =>
      body(api.POST("/api/v1/buckets/{bucket}/policy-check", { params: { path: { bucket } }, body: { policy }, signal })),
    staleTime: Infinity,
    gcTime: 30_000,
  });
