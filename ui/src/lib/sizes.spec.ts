import { expect, test } from "vitest";
import { joinSize, splitSize } from "./sizes";

test("a size is shown in the largest unit that says it exactly", () => {
  expect(splitSize(5 * 1024 ** 3)).toEqual({ amount: "5", unit: "GiB" });
  expect(splitSize(1536 * 1024 ** 2)).toEqual({ amount: "1.5", unit: "GiB" });
  expect(splitSize(1025 * 1024 ** 2)).toEqual({ amount: "1025", unit: "MiB" });
  expect(splitSize(4096)).toEqual({ amount: "4", unit: "KiB" });
  expect(splitSize(0, "MiB")).toEqual({ amount: "", unit: "GiB" });
});

test("what is shown means the same bytes again", () => {
  for (const bytes of [1, 1000, 4096, 5_000_000_000, 1024 ** 4, 3 * 1024 ** 4 + 1]) {
    const { amount, unit } = splitSize(bytes);
    expect(joinSize(amount, unit)).toBe(bytes);
  }
});

test("nothing is no limit, and nonsense is none", () => {
  expect(joinSize(" ", "GiB")).toBe(0);
  expect(joinSize("0", "GiB")).toBe(0);
  expect(joinSize("-1", "GiB")).toBeUndefined();
  expect(joinSize("many", "GiB")).toBeUndefined();
  expect(joinSize("1e30", "GiB")).toBeUndefined();
});
