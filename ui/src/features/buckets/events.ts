import type { EventRule } from "@/api/types";

/** eventGroups are the events that a rule can be for, as S3 calls them. */
export const eventGroups = [
  "s3:ObjectCreated:*",
  "s3:ObjectRemoved:*",
  "s3:ObjectTagging:*",
  "s3:ObjectAcl:Put",
  "s3:LifecycleExpiration:*",
  "s3:LifecycleTransition",
  "s3:ObjectRestore:*",
] as const;

/** targetOf reads an ARN that the server gave: what it is, and its name. */
export function targetOf(arn: string): { kind: "webhook" | "pipeline" | "room"; name: string; branch: string } {
  const parts = arn.split(":");
  if (parts[2] === "room") return { kind: "room", name: "", branch: "" };
  if (parts[2] === "pipeline") return { kind: "pipeline", name: parts[4] ?? "", branch: parts.slice(5).join(":") };
  return { kind: "webhook", name: parts[4] ?? "", branch: "" };
}

/** withBranch is the ARN of a pipeline that is started on a branch; empty is the repository's own. */
export function withBranch(arn: string, branch: string): string {
  const bare = arn.split(":").slice(0, 5).join(":");
  return branch ? `${bare}:${branch}` : bare;
}

/** toggled is a rule's events with one of them added or taken out. */
export function toggled(events: EventRule["events"], event: string, on: boolean): string[] {
  const rest = (events ?? []).filter((other) => other !== event);
  return on ? [...rest, event] : rest;
}
