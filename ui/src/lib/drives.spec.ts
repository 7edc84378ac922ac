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
    problem: "",
    pools: [],
    scrub: { running: false, asked: false, bytes: 0, totalBytes: 0, bytesPerSecond: 0, damaged: 0 },
    drives: states.map((state, i) => ({
      id: `${i}`,
      path: `/d${i}`,
      pool: 0,
      set: 0,
      state,
      message: "",
      totalBytes: 100,
      freeBytes: 40,
      fileSystem: `${i}`,
      readErrors: 0,
      writeErrors: 0,
    })),
  };
}

test("the summary counts what is left", () => {
  expect(summarize(health(["ok", "ok", "ok", "offline"]))).toMatchObject({
    ok: 3,
    healing: 0,
    total: 4,
    used: 240,
    size: 400,
    readable: true,
    spareForReads: 1,
    spareForWrites: 0,
  });
});

test("a drive that is filled counts for writing, a slow one for all", () => {
  expect(summarize(health(["ok", "ok", "slow", "healing"]))).toMatchObject({
    ok: 3,
    healing: 1,
    spareForReads: 1,
    spareForWrites: 1,
  });
});

test("drives that are filled may be read", () => {
  expect(summarize(health(["ok", "healing", "healing", "healing"])).readable).toBe(true);
  expect(summarize(health(["ok", "offline", "offline", "failing"])).readable).toBe(false);
  expect(driveTone(health(["ok", "offline", "offline", "failing"]))).toBe("danger");
});

/** on puts the drives on these file systems. */
function on(...fileSystems: string[]): DrivesHealth {
  const h = health(fileSystems.map(() => "ok"));
  return { ...h, drives: h.drives.map((drive, i) => ({ ...drive, fileSystem: fileSystems[i] ?? "" })) };
}

test("folders on one disk count once", () => {
  expect(summarize(on("803", "803", "803", "803"))).toMatchObject({ used: 60, size: 100 });
  expect(summarize(on("803", "803", "803", "804"))).toMatchObject({ used: 120, size: 200 });
  expect(summarize(on("", "", "", ""))).toMatchObject({ used: 240, size: 400 });
});

test("a drive that says nothing of its space does not stand for its file system", () => {
  const h = on("803", "803", "803", "803");
  const drives = h.drives.map((drive, i) => (i === 0 ? { ...drive, totalBytes: 0, freeBytes: 0 } : drive));
  expect(summarize({ ...h, drives })).toMatchObject({ used: 60, size: 100 });
});

test("the tone follows what still works", () => {
  expect(driveTone(health(["ok", "ok", "ok", "ok"]))).toBe("ok");
  expect(driveTone(health(["ok", "ok", "ok", "failing"]))).toBe("warn");
  expect(driveTone(health(["ok", "ok", "ok", "healing"]))).toBe("warn");
  expect(driveTone(health(["ok", "ok", "offline", "offline"], false))).toBe("danger");
  expect(driveTone({ ...health(["ok", "ok", "ok", "ok"]), problem: "The log is being read anew." })).toBe("danger");
});

test("every set has to do by itself", () => {
  const h = health(["ok", "ok", "ok", "ok", "ok", "failing", "offline", "offline"]);
  const set = { dataShards: 2, parityShards: 2, readQuorum: 2, writeQuorum: 3 };
  const divided: DrivesHealth = {
    ...h,
    writable: false,
    drives: h.drives.map((drive, i) => ({ ...drive, pool: 1, set: i < 4 ? 1 : 2 })),
    pools: [{ number: 1, state: "inUse", leftVersions: 0, leftBytes: 0, problem: "", sets: [{ ...set, number: 1, writable: true }, { ...set, number: 2, writable: false }] }],
  };
  expect(summarize(divided)).toMatchObject({ ok: 5, total: 8, readable: false, spareForReads: -1, spareForWrites: -2 });
  expect(summarize(divided).sets.map(({ set, readable, writable }) => [set, readable, writable])).toEqual([
    [1, true, true],
    [2, false, false],
  ]);
});
