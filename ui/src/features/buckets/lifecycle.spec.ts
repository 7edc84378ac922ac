import i18next from "i18next";
import { beforeAll, expect, test } from "vitest";
import type { LifecycleRule } from "@/api/types";
import { startI18n } from "@/lib/i18n";
import { acts, editable, emptyForm, formOf, ruleOf, sentences } from "./lifecycle";

beforeAll(() => startI18n("en"));

const rule: LifecycleRule = ruleOf(emptyForm, "a", true);
const say = (part: Partial<LifecycleRule>) => sentences({ ...rule, ...part }, i18next.getFixedT("en", "lifecycle"));

test("rules read as sentences", () => {
  expect(say({ prefix: "logs/", expireDays: 30 })).toEqual(["Delete objects under logs/ after 30 days"]);
  expect(say({ expireDays: 1, abortDays: 7 })).toEqual([
    "Delete all objects after 1 day",
    "End unfinished uploads of all objects after 7 days",
  ]);
  expect(say({ tags: { k: "v" }, largerThan: 1024, smallerThan: 2048, expireDate: "2030-01-31" })).toEqual([
    "Delete all objects (tagged k=v, larger than 1 KiB, smaller than 2 KiB) from Jan 31, 2030 on",
  ]);
  expect(say({ noncurrentDays: 3, noncurrentKeep: 2 })).toEqual([
    "Remove old versions of all objects 3 days after they were replaced, but keep the newest 2",
  ]);
  expect(say({ transitions: [{ days: 90, tier: "COLD" }] })).toEqual(["Move all objects to COLD after 90 days"]);
});

test("what the editor shows it gives back", () => {
  const one = ruleOf(
    { ...emptyForm, prefix: "a/", noncurrentDays: "3", noncurrentKeep: "2", abortDays: "7", tier: "COLD", tierDays: "0" },
    "id",
    false,
  );
  expect(ruleOf(formOf(one), "id", false)).toEqual(one);
  expect(editable(one)).toBe(true);
});

test("what the editor does not have is not for it", () => {
  for (const part of [
    { tags: { k: "v" } },
    { largerThan: 0 },
    { smallerThan: 1 },
    { expireDate: "2030-01-31" },
    { transitions: [{ days: 0, date: "2030-01-31", tier: "COLD" }] },
    { transitions: [{ days: 1, tier: "COLD" }, { days: 2, tier: "DEEP" }] },
    { noncurrentTransitions: [{ days: 1, keep: 0, tier: "COLD" }] },
  ]) {
    expect(editable({ ...rule, ...part })).toBe(false);
  }
});

test("a rule that does nothing is not offered", () => {
  expect(acts(rule)).toBe(false);
  expect(acts(ruleOf({ ...emptyForm, expireMarkers: true }, "", true))).toBe(true);
});

test("days remove delete markers too, so both are never asked for", () => {
  expect(ruleOf({ ...emptyForm, expireDays: "3", expireMarkers: true }, "", true).expireMarkers).toBe(false);
});
