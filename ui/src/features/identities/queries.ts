import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { usersQuery } from "@/api/queries";

const all = ["identities"] as const;

export const groupsQuery = queryOptions({
  queryKey: [...all, "groups"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/groups", { signal })).then((l) => l.items),
});

export const groupQuery = (name: string) =>
  queryOptions({
    queryKey: [...all, "groups", name],
    queryFn: ({ signal }) => body(api.GET("/api/v1/groups/{name}", { params: { path: { name } }, signal })),
  });

export const policiesQuery = queryOptions({
  queryKey: [...all, "policies"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/policies", { signal })).then((l) => l.items),
});

export const policyQuery = (name: string) =>
  queryOptions({
    queryKey: [...all, "policies", name],
    queryFn: ({ signal }) => body(api.GET("/api/v1/policies/{name}", { params: { path: { name } }, signal })),
  });

export const rolesQuery = queryOptions({
  queryKey: [...all, "roles"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/roles", { signal })).then((l) => l.items),
});

export const roleQuery = (name: string) =>
  queryOptions({
    queryKey: [...all, "roles", name],
    queryFn: ({ signal }) => body(api.GET("/api/v1/roles/{name}", { params: { path: { name } }, signal })),
  });

export const userIdentityQuery = (id: string) =>
  queryOptions({
    queryKey: [...all, "users", id],
    queryFn: ({ signal }) => body(api.GET("/api/v1/users/{id}/identity", { params: { path: { id } }, signal })),
  });

/**
 * useChange makes a change and has all that is shown of identities read again: what a group holds
 * shows at its users, and who holds a policy at the policy.
 */
export function useChange<V = void, R = unknown>(change: (value: V) => Promise<R>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: all }),
        client.invalidateQueries({ queryKey: usersQuery.queryKey }),
      ]),
  });
}
