import { expect, test } from "vitest";
import type { DriveHealth, DrivesHealth } from "@/api/types";
import { driveTone, summarize } from "./drives";

function health(states: DriveHealth["state"][], writable = true): DrivesHealth {
  return {
    engine: "erasure",
    parity: 2,
    dataShards: 2,
    parityShards: 2,
    readQuorum: 2,
    writeQuorum: 3,
    writable,
    drives: states.map((state, i) => ({ path: `/d${i}`, state, message: "", totalBytes: 100, freeBytes: 40 })),
  };
}

test("the summary counts what is left", () => {
  expect(summarize(health(["ok", "ok", "ok", "offline"]))).toEqual({
    ok: 3,
    total: 4,
    used: 240,
    size: 400,
    spareForReads: 1,
    spareForWrites: 0,
  });
});

test("the tone follows what still works", () => {
  expect(driveTone(health(["ok", "ok", "ok", "ok"]))).toBe("ok");
  expect(driveTone(health(["ok", "ok", "ok", "failing"]))).toBe("warn");
  expect(driveTone(health(["ok", "ok", "offline", "offline"], false))).toBe("danger");
});
