import { expect, test } from "vitest";
import { formatBytes, formatDuration, formatRelative } from "./format";
import { slugFrom } from "./slug";

test("sizes", () => {
  expect(formatBytes(0)).toBe("0 B");
  expect(formatBytes(1023)).toBe("1,023 B");
  expect(formatBytes(1536)).toBe("1.5 KiB");
  expect(formatBytes(5 * 1024 ** 3)).toBe("5 GiB");
});

test("durations", () => {
  expect(formatDuration(400)).toBe("0s");
  expect(formatDuration(65_000)).toBe("1m 05s");
  expect(formatDuration(7_380_000)).toBe("2h 03m");
  expect(formatDuration(-5)).toBe("0s");
});

test("relative times", () => {
  const now = Date.parse("2026-01-02T00:00:00Z");
  expect(formatRelative("2026-01-01T23:59:40Z", now)).toBe("now");
  expect(formatRelative("2026-01-01T22:00:00Z", now)).toBe("2 hr. ago");
  expect(formatRelative("2026-01-01T00:00:00Z", now)).toBe("yesterday");
});

test("a slug is derived from a name", () => {
  expect(slugFrom("  Web Shop  2.0!")).toBe("web-shop-2-0");
  expect(slugFrom("Café Crème")).toBe("cafe-creme");
  expect(slugFrom("商店")).toBe("");
  expect(slugFrom("x".repeat(60))).toHaveLength(40);
});
