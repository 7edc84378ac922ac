import { currentLocale } from "./i18n";

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/** formatBytes shows a size with at most three digits that matter. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  const number = new Intl.NumberFormat(currentLocale(), { maximumFractionDigits: digits });
  return `${number.format(value)} ${units[unit]}`;
}

/** formatGrowth is a change of a size, with its sign. */
export function formatGrowth(bytes: number): string {
  const sign = bytes < 0 ? "−" : bytes > 0 ? "+" : "";
  return sign + formatBytes(Math.abs(bytes));
}

export function formatNumber(value: number): string {
  return new Intl.NumberFormat(currentLocale()).format(value);
}

/** formatExact is the full date and time, for titles and details. */
export function formatExact(value: string | Date): string {
  return new Intl.DateTimeFormat(currentLocale(), { dateStyle: "medium", timeStyle: "medium" }).format(
    new Date(value),
  );
}

export function formatDate(value: string | Date): string {
  return new Intl.DateTimeFormat(currentLocale(), { dateStyle: "medium" }).format(new Date(value));
}

export function formatTime(value: string | Date): string {
  return new Intl.DateTimeFormat(currentLocale(), { timeStyle: "short" }).format(new Date(value));
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** formatRelative says how long ago something was (or how soon it will be). */
export function formatRelative(value: string | Date, now = Date.now()): string {
  const seconds = (new Date(value).getTime() - now) / 1000;
  const format = new Intl.RelativeTimeFormat(currentLocale(), { numeric: "auto", style: "short" });
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(0, "second");
}

/** formatDuration shows a length of time: 8s, 1m 05s, 2h 03m. */
export function formatDuration(milliseconds: number): string {
  const total = Math.max(0, Math.round(milliseconds / 1000));
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = total % 60;
  const two = (n: number) => String(n).padStart(2, "0");
  if (hours > 0) return `${hours}h ${two(minutes)}m`;
  if (minutes > 0) return `${minutes}m ${two(seconds)}s`;
  return `${seconds}s`;
}
