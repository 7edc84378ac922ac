import i18next from "i18next";
import type { ObjectVersion } from "@/api/types";
import { formatExact } from "@/lib/format";

const day = 24 * 3_600_000;

/** copyEnd is when a copy goes that is there at a time: at the midnight, UTC, that follows so many days later. */
export function copyEnd(at: Date, days: number): Date {
  return new Date((Math.floor((at.getTime() + days * day) / day) + 1) * day);
}

/** validDays reads how many days somebody typed; nothing where that is no number from 1 to 36,500. */
export function validDays(text: string): number | undefined {
  const days = Number(text);
  return /^\d+$/.test(text.trim()) && days >= 1 && days <= 36_500 ? days : undefined;
}

/** copyText says how it is with the copy on the drives of what a tier keeps. */
export function copyText({ tier, restore }: Pick<ObjectVersion, "tier" | "restore">): string {
  const say = (key: string, more?: object) => i18next.t(`browser:tierCopy.${key}`, { tier, ...more });
  if (restore?.until) return say("until", { until: formatExact(restore.until) });
  const failure = restore?.failure;
  if (!failure) return say(restore ? "ongoing" : "none");
  const key = `browser:tierCopy.why.${failure.code}`;
  return say(restore.ongoing ? "failing" : "givenUp", {
    count: failure.tries,
    at: formatExact(failure.at),
    reason: i18next.exists(key) ? i18next.t(key) : failure.reason,
  });
}

/** copyBadge is copyText in two or three words. */
export function copyBadge({ tier, restore }: Pick<ObjectVersion, "tier" | "restore">): string {
  if (restore?.until) return `${i18next.t("browser:tierCopy.badge")} · ${copyText({ tier, restore })}`;
  return i18next.t(restore?.ongoing ? "browser:tierCopy.badgeOngoing" : "browser:tierCopy.badgeFailed");
}
