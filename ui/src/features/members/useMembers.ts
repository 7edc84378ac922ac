import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { membersQuery } from "@/api/queries";
import type { Role } from "@/api/types";

/** useSetMember adds a member or changes a role. */
export function useSetMember(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ userId, role }: { userId: string; role: Role }) =>
      body(
        api.PUT("/api/v1/projects/{project}/members/{userId}", {
          params: { path: { project, userId } },
          body: { role },
        }),
      ),
    onSettled: () => client.invalidateQueries({ queryKey: membersQuery(project).queryKey }),
  });
}

export function useRemoveMember(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (userId: string) =>
      api.DELETE("/api/v1/projects/{project}/members/{userId}", {
        params: { path: { project, userId } },
      }),
    onSettled: () => client.invalidateQueries({ queryKey: membersQuery(project).queryKey }),
  });
}
