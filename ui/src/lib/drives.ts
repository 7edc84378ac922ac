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
};

export function summarize(health: DrivesHealth): DrivesSummary {
  const ok = health.drives.filter(({ state }) => state === "ok" || state === "slow").length;
  const healing = health.drives.filter(({ state }) => state === "healing").length;
  const apart = fileSystems(health.drives);
  const size = apart.reduce((sum, drive) => sum + drive.totalBytes, 0);
  const free = apart.reduce((sum, drive) => sum + drive.freeBytes, 0);
  return {
    ok,
    healing,
    total: health.drives.length,
    used: size - free,
    size,
    readable: ok + healing >= health.readQuorum,
    spareForReads: ok - health.readQuorum,
    spareForWrites: ok + healing - health.writeQuorum,
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
