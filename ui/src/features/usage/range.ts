import type { UsageRange } from "@/api/types";
import type { Every } from "@/components";
import { currentLocale } from "@/lib/i18n";

/** rangeIn reads a range from an address. */
export function rangeIn(search: Record<string, unknown>): { range?: UsageRange } {
  return search.range === "week" || search.range === "month" || search.range === "year" ? { range: search.range } : {};
}

/** marksOf are the moments that a chart of a range names, fewer where it is narrow. */
export const marksOf =
  (range: UsageRange) =>
  (width: number): Every => {
    const narrow = width < 480;
    switch (range) {
      case "day":
        return { unit: "hour", by: narrow ? 6 : 3 };
      case "week":
        return { unit: "day", by: narrow ? 2 : 1 };
      case "month":
        return { unit: "day", by: narrow ? 7 : 4 };
      default:
        return { unit: "month", by: narrow ? 3 : 1 };
    }
  };

/** formatMark names such a moment. */
export function formatMark(range: UsageRange, at: Date): string {
  const options: Record<UsageRange, Intl.DateTimeFormatOptions> = {
    day: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    week: { weekday: "short", day: "numeric" },
    month: { month: "short", day: "numeric" },
    year: { month: "short", timeZone: "UTC" },
  };
  return new Intl.DateTimeFormat(currentLocale(), options[range]).format(at);
}

/** formatStep says which time a step is; days are those of UTC. */
export function formatStep(range: UsageRange, from: Date, to: Date): string {
  if (range === "year") return new Intl.DateTimeFormat(currentLocale(), { dateStyle: "medium", timeZone: "UTC" }).format(from);
  return new Intl.DateTimeFormat(currentLocale(), {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).formatRange(from, to);
}

/** rangeOf tells by its steps which range a history is of: while another is fetched, that is not the one asked for. */
export function rangeOf(step: number): UsageRange {
  return step >= 86_400 ? "year" : step >= 14_400 ? "month" : step >= 3600 ? "week" : "day";
}
