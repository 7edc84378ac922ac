import type { ObjectVersion } from "@/api/types";

type Lock = ObjectVersion["lock"];

/** retained tells whether a retention has not ended. */
export function retained(lock: Lock, now = Date.now()): boolean {
  return lock.mode !== "none" && lock.until !== undefined && Date.parse(lock.until) > now;
}

/** isLocked tells whether a version cannot be deleted as it is. */
export function isLocked({ lock }: { lock: Lock }, now = Date.now()): boolean {
  return lock.hold || retained(lock, now);
}

/** bypassable tells whether only governance keeps a version, which some may bypass. */
export function bypassable({ lock }: { lock: Lock }, now = Date.now()): boolean {
  return !lock.hold && lock.mode === "governance" && retained(lock, now);
}

/** localTime is a time as the platform's field wants it, to the minute. */
export function localTime(value: string): string {
  const at = new Date(value);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** untilOf is the time in a field. What was not changed there keeps its seconds, or a retention would be shortened by them. */
export function untilOf(field: string, before: string | undefined): string {
  return before !== undefined && field === localTime(before) ? before : new Date(field).toISOString();
}
