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
