import type { ReactNode } from "react";
import { cx } from "@/lib/cx";
import s from "./Badge.module.css";

export type Tone = "ok" | "info" | "warn" | "danger" | "accent" | "idle";

export function Badge({ tone = "idle", children }: { tone?: Tone; children: ReactNode }) {
  return <span className={cx(s.badge, s[tone])}>{children}</span>;
}

/** StatusDot is a colour beside words that say the same. */
export function StatusDot({ tone = "idle", pulse }: { tone?: Tone; pulse?: boolean }) {
  return <span className={cx(s.dot, s[`dot${tone}`], pulse && s.pulse)} aria-hidden />;
}

/** Count is how many wait for attention; nothing at zero. */
export function Count({ value, label }: { value: number; label?: string }) {
  if (value <= 0) return null;
  return (
    <span className={s.count} aria-label={label}>
      {value > 99 ? "99+" : value}
    </span>
  );
}
