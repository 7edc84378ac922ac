/** What a value axis counts: bytes have steps of 1,024. */
export type Unit = "bytes" | "number";

/** niceTicks are the marks of an axis from 0 to at least max: few, round, and the last one on top. */
export function niceTicks(max: number, unit: Unit, about = 4): number[] {
  if (!(max > 0)) return [0, 1];
  let base = 1;
  if (unit === "bytes") while (max / base >= 1024) base *= 1024;
  const rough = max / base / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((f) => f * power >= rough * 0.999) ?? 10;
  // Nothing is counted in halves.
  const step = Math.max(unit === "number" ? 1 : 1 / base, factor * power) * base;
  const ticks = [0];
  while ((ticks.at(-1) ?? 0) < max) ticks.push(ticks.length * step);
  return ticks;
}

export type Every = { unit: "hour" | "day" | "month"; by: number };

/** timeTicks are round moments between two: full hours and midnights of the reader's clock, months of UTC. */
export function timeTicks(from: Date, to: Date, { unit, by }: Every): Date[] {
  const ticks: Date[] = [];
  const at = new Date(from);
  if (unit === "month") {
    at.setUTCHours(0, 0, 0, 0);
    at.setUTCDate(1);
  } else if (unit === "day") at.setHours(0, 0, 0, 0);
  else at.setHours(Math.floor(at.getHours() / by) * by, 0, 0, 0);
  for (let n = 0; at <= to && n < 100; n++) {
    if (at >= from) ticks.push(new Date(at));
    if (unit === "month") at.setUTCMonth(at.getUTCMonth() + by);
    else if (unit === "day") at.setDate(at.getDate() + by);
    else at.setHours(at.getHours() + by);
  }
  return ticks;
}
