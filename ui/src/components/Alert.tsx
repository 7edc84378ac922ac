import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "@/lib/cx";
import s from "./Alert.module.css";

const icons = { info: Info, ok: CircleCheck, warn: TriangleAlert, danger: CircleAlert };

type AlertProps = { tone?: keyof typeof icons; title?: ReactNode; children?: ReactNode; className?: string };

/** Alert is a lasting remark inside the page; what passes is a toast. */
export function Alert({ tone = "info", title, children, className }: AlertProps) {
  const Icon = icons[tone];
  return (
    <div className={cx(s.alert, s[tone], className)} role={tone === "danger" ? "alert" : undefined}>
      <Icon size={17} aria-hidden />
      <div>
        {title !== undefined && <p className={s.title}>{title}</p>}
        {children}
      </div>
    </div>
  );
}
