import type { ReactNode } from "react";
import { cx } from "@/lib/cx";
import s from "./Facts.module.css";

type FactsProps = {
  /** Side by side, each figure under its name, instead of a line each. */
  figures?: boolean;
  children: ReactNode;
};

/** Facts are names and what is to be said of them. */
export function Facts({ figures, children }: FactsProps) {
  return <dl className={cx(s.facts, figures ? s.figures : s.lines)}>{children}</dl>;
}

/** Fact is one of them; a small element in it stands below, in smaller letters. */
export function Fact({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
