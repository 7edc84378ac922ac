import { expect, test } from "vitest";
import type { TFunction } from "i18next";
import type { BucketEvents, BucketInventory, BucketLifecycle, EventTarget, ReplicationRule } from "@/api/types";
import { eventsStanding, inventoryStanding, lifecycleStanding, replicationStanding } from "./status";

const t = ((key: string, values?: { number?: string }) => (values?.number ? `${key} ${values.number}` : key)) as unknown as TFunction;
const target = (waiting: number, more = false, problem?: string) => ({ waiting, more, problem }) as EventTarget;
const events = (rules: number, ...targets: EventTarget[]) =>
  ({ available: true, rules: new Array(rules).fill({}), targets }) as unknown as BucketEvents;
const rule = (state: ReplicationRule["state"], pending: number, more?: Partial<ReplicationRule>) =>
  ({ state, pending, pendingBytes: 0, looking: false, ...more }) as ReplicationRule;

test("events that wait are counted over all targets", () => {
  expect(eventsStanding(t, events(2, target(0), target(0)))).toEqual({ tone: "ok", text: "status:eventsOk 2" });
  expect(eventsStanding(t, events(0))).toEqual({ tone: "idle", text: "status:eventsNone" });
  expect(eventsStanding(t, events(2, target(3), target(4)))).toEqual({ tone: "info", text: "status:eventsWaiting 7" });
  expect(eventsStanding(t, events(2, target(3, true), target(4)))?.text).toBe("status:eventsMore 7");
});

test("a failing target is what there is to see, even without a rule", () => {
  expect(eventsStanding(t, events(0, target(5, false, "no answer")))).toMatchObject({ tone: "danger", text: "status:eventsWaiting 5", problem: { problem: "no answer" } });
});

test("stores without these say nothing", () => {
  expect(eventsStanding(t, { available: false } as BucketEvents)).toBeUndefined();
  expect(lifecycleStanding(t, { available: false } as BucketLifecycle)).toBeUndefined();
  expect(inventoryStanding(t, { available: false } as BucketInventory)).toBeUndefined();
});

test("replication says how far behind it is", () => {
  expect(replicationStanding(t, [])).toEqual({ tone: "idle", text: "status:replicationNone" });
  expect(replicationStanding(t, [rule("current", 0), rule("paused", 0)])).toEqual({ tone: "ok", text: "status:replicationOk 2" });
  expect(replicationStanding(t, [rule("copying", 3), rule("current", 0)])).toEqual({ tone: "info", text: "status:replicationBehind 3" });
  expect(replicationStanding(t, [rule("paused", 3)])).toEqual({ tone: "warn", text: "status:replicationPaused 3" });
  expect(replicationStanding(t, [rule("failing", 3, { problem: "away" })])).toMatchObject({ tone: "danger", text: "status:replicationBehind 3", problem: { problem: "away" } });
});

test("lifecycle and inventory say what is in their way", () => {
  const lifecycle = (status: object) => ({ available: true, rules: [{}], status }) as unknown as BucketLifecycle;
  expect(lifecycleStanding(t, lifecycle({ running: false }))).toEqual({ tone: "ok", text: "status:lifecycleSoon 1" });
  expect(lifecycleStanding(t, lifecycle({ running: true, problem: "tier away" }))).toMatchObject({ tone: "warn", text: "status:lifecycleRunning", problem: { problem: "tier away" } });
  const inventory = (report: object) => ({ available: true, reports: [report] }) as unknown as BucketInventory;
  expect(inventoryStanding(t, inventory({ running: false, problem: "full" }))).toMatchObject({ tone: "danger", text: "status:inventoryFirst", problem: { problem: "full" } });
  expect(inventoryStanding(t, inventory({ running: true, last: "2026-03-14T00:00:00Z" }))?.text).toBe("status:inventoryRunning");
});
