import { cx } from "@/lib/cx";
import s from "./Progress.module.css";

type ProgressProps = { value: number; max: number; label: string; tone?: "warn" | "danger" };

export function Progress({ value, max, label, tone }: ProgressProps) {
  const share = max > 0 ? Math.min(1, Math.max(0, value / max)) : 0;
  return (
    <div
      className={s.track}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
    >
      <div className={cx(s.bar, tone && s[tone])} style={{ width: `${share * 100}%` }} />
    </div>
  );
}
