import { Blob as NodeBlob } from "node:buffer";
import { describe, expect, test } from "vitest";
import { besides, fits, missingOf, partSizeOf, printOf, rangesOf, secondsLeft, Speed } from "./plan";

const mib = 1 << 20;

describe("parts", () => {
  test("cover the file and stay within S3's limits", () => {
    for (const size of [17 * mib, 16 * mib * 3, 5 * 1024 * 1024 * mib]) {
      const ranges = rangesOf(size, partSizeOf(size));
      expect(ranges.length).toBeLessThanOrEqual(10_000);
      expect(ranges[0]?.from).toBe(0);
      expect(ranges.at(-1)?.to).toBe(size);
      for (const [i, range] of ranges.entries()) {
        expect(range.number).toBe(i + 1);
        if (i + 1 < ranges.length) expect(range.to - range.from).toBeGreaterThanOrEqual(5 * mib);
      }
    }
  });

  test("are missing when they are not there whole", () => {
    const ranges = rangesOf(40, 16);
    const stored = [
      { number: 1, size: 16 },
      { number: 2, size: 9 },
    ];
    expect(missingOf(ranges, stored).map((range) => range.number)).toEqual([2, 3]);
    expect(missingOf(ranges, [...stored, { number: 2, size: 16 }, { number: 3, size: 8 }])).toEqual([]);
    expect(fits(ranges, [{ number: 4, size: 16 }])).toBe(false);
  });
});

test("speed is that of the last seconds", () => {
  const speed = new Speed(8000);
  expect(speed.at(0)).toBe(0);
  for (let second = 0; second <= 4; second++) speed.add(1000, second * 1000);
  expect(speed.at(4000)).toBe(1250);
  expect(speed.at(60_000)).toBe(0);
  expect(secondsLeft(5000, 1000)).toBe(5);
  expect(secondsLeft(5000, 0)).toBeUndefined();
  expect(secondsLeft(0, 0)).toBe(0);
});

test("a key beside a taken one keeps its ending and its folder", () => {
  const taken = new Set(["a.b/c.txt", "a.b/c (2).txt"]);
  expect(besides("a.b/c.txt", (key) => taken.has(key))).toBe("a.b/c (3).txt");
  expect(besides("a.b/c", () => false)).toBe("a.b/c (2)");
  expect(besides("a/.env", () => false)).toBe("a/.env (2)");
});

test("a file is known by its beginning, middle and end", async () => {
  const blob = (parts: Uint8Array[]) => new NodeBlob(parts) as unknown as Blob; // that of jsdom cannot be read
  const bytes = new Uint8Array(300_000).fill(7);
  const print = await printOf(blob([bytes]));
  expect(await printOf(blob([bytes]))).toBe(print);
  for (const at of [0, 150_001, 299_999]) {
    const other = bytes.slice();
    other[at] = 8;
    expect(await printOf(blob([other]))).not.toBe(print);
  }
});
