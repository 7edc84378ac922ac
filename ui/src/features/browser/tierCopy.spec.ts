import { describe, expect, it } from "vitest";
import { copyEnd, validDays } from "./tierCopy";

describe("copies of what is in a tier", () => {
  it("end at the midnight that follows", () => {
    expect(copyEnd(new Date("2026-10-15T10:30:00Z"), 3).toISOString()).toBe("2026-10-19T00:00:00.000Z");
    expect(copyEnd(new Date("2026-10-15T00:00:00Z"), 1).toISOString()).toBe("2026-10-17T00:00:00.000Z");
  });
  it("stay for whole days", () => {
    expect(["1", " 36500", "0", "36501", "1.5", "", "x", "-1"].map(validDays)).toEqual([1, 36_500, ...Array(6).fill(undefined)]);
  });
});
