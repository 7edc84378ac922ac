import s from "./Skeleton.module.css";

type SkeletonProps = { width?: string | number; height?: string | number; radius?: string | number };

/** Skeleton holds the place of what is coming, in its final size. */
export function Skeleton({ width = "8em", height, radius }: SkeletonProps) {
  return <span className={s.bone} style={{ width, height, borderRadius: radius }} aria-hidden />;
}
