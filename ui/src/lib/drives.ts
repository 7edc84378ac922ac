import type { DriveHealth, DrivesHealth } from "@/api/types";

export type DrivesSummary = {
  ok: number;
  /** Drives that are used and still being filled. */
  healing: number;
  total: number;
  /** Bytes on all drives that answer, those that several folders share counted once. */
  used: number;
  size: number;
  /** Whether enough drives answer to read; one that is filled may. */
  readable: boolean;
  /** How many more drives may fail before something cannot be read, or writes stop. */
  spareForReads: number;
  spareForWrites: number;
  /** The sets of drives, of which there is one unless the drives are divided. */
  sets: SetSummary[];
};

export type SetSummary = {
  /** Both 0 where the drives are one set alone. */
  pool: number;
  set: number;
  drives: DriveHealth[];
  ok: number;
  healing: number;
  readQuorum: number;
  writeQuorum: number;
  parity: number;
  readable: boolean;
  writable: boolean;
};

/** setsOf are the sets of drives, in order. */
export function setsOf(health: DrivesHealth): SetSummary[] {
  const apart = health.pools.flatMap(({ number, sets }) =>
    sets.map((set) => ({
      pool: number,
      set: set.number,
      drives: health.drives.filter((drive) => drive.pool === number && drive.set === set.number),
      readQuorum: set.readQuorum,
      writeQuorum: set.writeQuorum,
      parity: set.parityShards,
      writable: set.writable,
    })),
  );
  const { drives, readQuorum, writeQuorum, parity, writable } = health;
  const all = apart.length > 0 ? apart : [{ pool: 0, set: 0, drives, readQuorum, writeQuorum, parity, writable }];
  return all.map((set) => {
    const ok = set.drives.filter(({ state }) => state === "ok" || state === "slow").length;
    const healing = set.drives.filter(({ state }) => state === "healing").length;
    return { ...set, ok, healing, readable: ok + healing >= set.readQuorum };
  });
}

function sum(numbers: number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

export function summarize(health: DrivesHealth): DrivesSummary {
  const drained = health.pools.filter(({ state }) => state === "drained").map(({ number }) => number);
  const sets = setsOf(health).filter(({ pool }) => !drained.includes(pool));
  const apart = fileSystems(health.drives);
  const size = sum(apart.map(({ totalBytes }) => totalBytes));
  const free = sum(apart.map(({ freeBytes }) => freeBytes));
  return {
    ok: sum(sets.map(({ ok }) => ok)),
    healing: sum(sets.map(({ healing }) => healing)),
    total: sum(sets.map(({ drives }) => drives.length)),
    used: size - free,
    size,
    readable: sets.every(({ readable }) => readable),
    spareForReads: Math.min(...sets.map(({ ok, readQuorum }) => ok - readQuorum)),
    spareForWrites: Math.min(...sets.map(({ ok, healing, writeQuorum }) => ok + healing - writeQuorum)),
    sets,
  };
}

/** fileSystems leaves one drive of those that share a file system. */
function fileSystems(drives: DriveHealth[]): DriveHealth[] {
  const seen = new Set<string>();
  return drives.filter((drive) => {
    if (!drive.fileSystem) return true;
    if (drive.totalBytes === 0 || seen.has(drive.fileSystem)) return false;
    seen.add(drive.fileSystem);
    return true;
  });
}

/** driveTone is the colour of the whole: danger when objects cannot be read or written. */
export function driveTone(health: DrivesHealth): "ok" | "warn" | "danger" {
  const { ok, total, readable } = summarize(health);
  if (!health.writable || health.problem || !readable) return "danger";
  return ok < total ? "warn" : "ok";
}
