import type { TFunction } from "i18next";
import type { Problem } from "@/api/errors";
import type { BucketEvents, BucketInventory, BucketLifecycle, ReplicationRule } from "@/api/types";
import type { Tone } from "@/components";
import { formatBytes, formatNumber, formatRelative } from "@/lib/format";

/** Standing is how one of a bucket's own doings is, in a sentence, and what is in its way. */
export type Standing = { tone: Tone; text: string; problem?: Problem };

type T = TFunction;
const counted = (count: number) => ({ count, number: formatNumber(count) });

/** Undefined where buckets of this store have none. */
export function eventsStanding(t: T, { available, rules, targets }: BucketEvents): Standing | undefined {
  if (!available) return undefined;
  const all = targets ?? [];
  const waiting = all.reduce((sum, target) => sum + target.waiting, 0);
  const failed = all.find((target) => target.problem);
  const more = all.some((target) => target.more);
  const text =
    waiting > 0
      ? t(more ? "status:eventsMore" : "status:eventsWaiting", counted(waiting))
      : rules?.length
        ? t("status:eventsOk", counted(rules.length))
        : t("status:eventsNone");
  if (failed) return { tone: "danger", text, problem: failed };
  return { tone: waiting > 0 ? "info" : rules?.length ? "ok" : "idle", text };
}

export function lifecycleStanding(t: T, { available, rules, status }: BucketLifecycle): Standing | undefined {
  if (!available) return undefined;
  if (rules.length === 0) return { tone: "idle", text: t("status:lifecycleNone") };
  const text = status?.running
    ? t("status:lifecycleRunning")
    : status?.began
      ? t("status:lifecycleOk", { ...counted(rules.length), when: formatRelative(status.began) })
      : t("status:lifecycleSoon", counted(rules.length));
  if (status?.problem) return { tone: "warn", text, problem: status };
  return { tone: status?.running ? "info" : "ok", text };
}

export function replicationStanding(t: T, rules: ReplicationRule[]): Standing {
  if (rules.length === 0) return { tone: "idle", text: t("status:replicationNone") };
  const pending = rules.reduce((sum, rule) => sum + rule.pending, 0);
  const bytes = formatBytes(rules.reduce((sum, rule) => sum + rule.pendingBytes, 0));
  const failed = rules.find((rule) => rule.state === "failing");
  const stopped = rules.some((rule) => rule.state === "paused" && rule.pending > 0);
  const text = rules.some((rule) => rule.looking)
    ? t("status:replicationLooking")
    : pending === 0
      ? t("status:replicationOk", counted(rules.length))
      : t(stopped ? "status:replicationPaused" : "status:replicationBehind", { ...counted(pending), bytes });
  if (failed) return { tone: "danger", text, problem: failed };
  return { tone: stopped ? "warn" : pending > 0 ? "info" : "ok", text };
}

export function inventoryStanding(t: T, { available, reports }: BucketInventory): Standing | undefined {
  if (!available) return undefined;
  if (reports.length === 0) return { tone: "idle", text: t("status:inventoryNone") };
  const last = reports.flatMap((report) => report.last ?? []).sort().at(-1);
  const running = reports.some((report) => report.running);
  const problem = reports.find((report) => report.problem);
  const text = running ? t("status:inventoryRunning") : last ? t("status:inventoryOk", { when: formatRelative(last) }) : t("status:inventoryFirst");
  if (problem) return { tone: "danger", text, problem };
  return { tone: running ? "info" : "ok", text };
}
