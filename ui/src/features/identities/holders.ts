import { api } from "@/api/client";
import type { UserGroup } from "@/api/types";

/** Who holds policies: a user by ID, a group or a role by name. */
export type Holder = { kind: "user"; id: string } | { kind: "group" | "role"; name: string };

export function attach(holder: Holder, policy: string) {
  switch (holder.kind) {
    case "user":
      return api.PUT("/api/v1/users/{id}/policies/{policy}", { params: { path: { id: holder.id, policy } } });
    case "group":
      return api.PUT("/api/v1/groups/{name}/policies/{policy}", { params: { path: { name: holder.name, policy } } });
    case "role":
      return api.PUT("/api/v1/roles/{name}/policies/{policy}", { params: { path: { name: holder.name, policy } } });
  }
}

export function detach(holder: Holder, policy: string) {
  switch (holder.kind) {
    case "user":
      return api.DELETE("/api/v1/users/{id}/policies/{policy}", { params: { path: { id: holder.id, policy } } });
    case "group":
      return api.DELETE("/api/v1/groups/{name}/policies/{policy}", { params: { path: { name: holder.name, policy } } });
    case "role":
      return api.DELETE("/api/v1/roles/{name}/policies/{policy}", { params: { path: { name: holder.name, policy } } });
  }
}

export function putInline(holder: Holder, policy: string, document: string) {
  const body = { document };
  switch (holder.kind) {
    case "user":
      return api.PUT("/api/v1/users/{id}/inline-policies/{policy}", { params: { path: { id: holder.id, policy } }, body });
    case "group":
      return api.PUT("/api/v1/groups/{name}/inline-policies/{policy}", {
        params: { path: { name: holder.name, policy } },
        body,
      });
    case "role":
      return api.PUT("/api/v1/roles/{name}/inline-policies/{policy}", {
        params: { path: { name: holder.name, policy } },
        body,
      });
  }
}

export function deleteInline(holder: Holder, policy: string) {
  switch (holder.kind) {
    case "user":
      return api.DELETE("/api/v1/users/{id}/inline-policies/{policy}", { params: { path: { id: holder.id, policy } } });
    case "group":
      return api.DELETE("/api/v1/groups/{name}/inline-policies/{policy}", {
        params: { path: { name: holder.name, policy } },
      });
    case "role":
      return api.DELETE("/api/v1/roles/{name}/inline-policies/{policy}", {
        params: { path: { name: holder.name, policy } },
      });
  }
}

/** A policy that decides about somebody, and how it came to them. */
export type HeldRow = { name: string; document?: string } & (
  | { how: "attached" | "inline" }
  | { how: "group" | "groupInline"; group: string }
);

/** heldRows lists what a holder holds, and after it what comes from groups. */
export function heldRows(
  held: { attached: string[]; inline: { name: string; document: string }[] },
  groups: UserGroup[] = [],
): HeldRow[] {
  return [
    ...held.attached.map((name) => ({ name, how: "attached" as const })),
    ...held.inline.map(({ name, document }) => ({ name, document, how: "inline" as const })),
    ...groups.flatMap((group) => [
      ...group.attached.map((name) => ({ name, how: "group" as const, group: group.name })),
      ...group.inline.map((name) => ({ name, how: "groupInline" as const, group: group.name })),
    ]),
  ];
}

/** matching keeps the rows in whose words all typed ones are found, capitals aside. */
export function matching<Row>(rows: Row[], typed: string, wordsOf: (row: Row) => string): Row[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => {
    const text = wordsOf(row).toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
