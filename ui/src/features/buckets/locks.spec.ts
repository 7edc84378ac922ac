import { expect, test } from "vitest";
import { bypassable, isLocked, localTime, untilOf } from "./locks";

const now = Date.parse("2026-06-01T00:00:00Z");
const before = "2026-05-31T00:00:00Z";
const after = "2026-06-02T00:00:00Z";
const version = (mode: "none" | "governance" | "compliance", until?: string, hold = false) => ({
  lock: { mode, until, hold },
});

test("a version is locked until its retention ends, or while it is held", () => {
  expect(isLocked(version("none"), now)).toBe(false);
  expect(isLocked(version("governance", after), now)).toBe(true);
  expect(isLocked(version("compliance", before), now)).toBe(false);
  expect(isLocked(version("none", undefined, true), now)).toBe(true);
});

test("only governance can be bypassed, and no hold", () => {
  expect(bypassable(version("governance", after), now)).toBe(true);
  expect(bypassable(version("governance", after, true), now)).toBe(false);
  expect(bypassable(version("governance", before), now)).toBe(false);
  expect(bypassable(version("compliance", after), now)).toBe(false);
});

test("a time that was not changed keeps its seconds", () => {
  const until = "2026-06-02T10:20:37.5Z";
  expect(untilOf(localTime(until), until)).toBe(until);
  expect(untilOf(localTime("2026-06-03T10:20:00Z"), until)).toBe("2026-06-03T10:20:00.000Z");
});
