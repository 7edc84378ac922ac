import type { ReactNode } from "react";
import { cx } from "@/lib/cx";
import s from "./Card.module.css";

type CardProps = {
  title?: ReactNode;
  description?: ReactNode;
  actions?: ReactNode;
  children?: ReactNode;
  footer?: ReactNode;
  /** Lists that reach the card's edges. */
  flush?: boolean;
  danger?: boolean;
  className?: string;
};

export function Card({ title, description, actions, children, footer, flush, danger, className }: CardProps) {
  return (
    <section className={cx(s.card, danger && s.danger, className)}>
      {(title !== undefined || actions !== undefined) && (
        <div className={s.head}>
          <div className={s.titles}>
            {title !== undefined && <h2 className={s.title}>{title}</h2>}
            {description !== undefined && <p className={s.description}>{description}</p>}
          </div>
          {actions}
        </div>
      )}
      {children !== undefined && <div className={cx(s.body, flush && s.flush)}>{children}</div>}
      {footer !== undefined && <div className={s.footer}>{footer}</div>}
    </section>
  );
}
