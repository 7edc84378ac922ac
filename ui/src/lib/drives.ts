import type { DrivesHealth } from "@/api/types";

export type DrivesSummary = {
  ok: number;
  total: number;
  /** Bytes on all drives that answer. */
  used: number;
  size: number;
  /** How many more drives may fail before reads or writes stop. */
  spareForReads: number;
  spareForWrites: number;
};

export function summarize(health: DrivesHealth): DrivesSummary {
  const ok = health.drives.filter((drive) => drive.state === "ok").length;
  const size = health.drives.reduce((sum, drive) => sum + drive.totalBytes, 0);
  const free = health.drives.reduce((sum, drive) => sum + drive.freeBytes, 0);
  return {
    ok,
    total: health.drives.length,
    used: size - free,
    size,
    spareForReads: ok - health.readQuorum,
    spareForWrites: ok - health.writeQuorum,
  };
}

/** driveTone is the colour of the whole: danger when objects cannot be read or written. */
export function driveTone(health: DrivesHealth): "ok" | "warn" | "danger" {
  const { ok, total, spareForReads } = summarize(health);
  if (!health.writable || spareForReads < 0) return "danger";
  return ok < total ? "warn" : "ok";
}
