import { describe, expect, test } from "vitest";
import { niceTicks, timeTicks } from "./scale";

describe("niceTicks", () => {
  test("are round and reach the top", () => {
    expect(niceTicks(9, "number")).toEqual([0, 5, 10]);
    expect(niceTicks(100, "number")).toEqual([0, 50, 100]);
    expect(niceTicks(1234, "number")).toEqual([0, 500, 1000, 1500]);
  });
  test("count nothing in halves", () => {
    expect(niceTicks(1, "number")).toEqual([0, 1]);
    expect(niceTicks(2, "bytes")).toEqual([0, 1, 2]);
    expect(niceTicks(0, "bytes")).toEqual([0, 1]);
  });
  test("are binary for bytes", () => {
    const mib = 1024 * 1024;
    expect(niceTicks(3.2 * mib, "bytes")).toEqual([0, mib, 2 * mib, 3 * mib, 4 * mib]);
    expect(niceTicks(1000, "bytes")).toEqual([0, 500, 1000]);
  });
});

describe("timeTicks", () => {
  test("are at midnight of the reader", () => {
    const ticks = timeTicks(new Date(2026, 2, 14, 9, 25), new Date(2026, 2, 17, 9, 25), { unit: "day", by: 1 });
    expect(ticks.map((d) => [d.getDate(), d.getHours()])).toEqual([
      [15, 0],
      [16, 0],
      [17, 0],
    ]);
  });
  test("are at full hours", () => {
    const ticks = timeTicks(new Date(2026, 2, 14, 22, 25), new Date(2026, 2, 15, 7, 0), { unit: "hour", by: 3 });
    expect(ticks.map((d) => d.getHours())).toEqual([0, 3, 6]);
  });
  test("are months of UTC", () => {
    const ticks = timeTicks(new Date("2025-11-20T00:00:00Z"), new Date("2026-02-02T00:00:00Z"), { unit: "month", by: 1 });
    expect(ticks.map((d) => d.toISOString().slice(0, 10))).toEqual(["2025-12-01", "2026-01-01", "2026-02-01"]);
  });
});
