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
