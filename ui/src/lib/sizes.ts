/** Units that a person chooses a size in, smallest first. */
export const sizeUnits = ["KiB", "MiB", "GiB", "TiB"] as const;
export type SizeUnit = (typeof sizeUnits)[number];

const bytesOf = (unit: SizeUnit) => 1024 ** (sizeUnits.indexOf(unit) + 1);

/** splitSize shows a size in the largest unit that keeps it a short number; nothing when there is none. */
export function splitSize(bytes: number, least: SizeUnit = "KiB"): { amount: string; unit: SizeUnit } {
  if (bytes <= 0) return { amount: "", unit: least === "KiB" ? "KiB" : "GiB" };
  const fitting = sizeUnits.filter((unit) => bytes >= bytesOf(unit) && Number.isInteger((bytes / bytesOf(unit)) * 100));
  const unit = fitting.at(-1) ?? "KiB";
  return { amount: String(bytes / bytesOf(unit)), unit };
}

/** joinSize is the number of bytes; 0 for an empty amount, undefined for what is none. */
export function joinSize(amount: string, unit: SizeUnit): number | undefined {
  if (amount.trim() === "") return 0;
  const bytes = Math.round(Number(amount) * bytesOf(unit));
  return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined;
}
