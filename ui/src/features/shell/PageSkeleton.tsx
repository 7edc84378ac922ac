import { Skeleton } from "@/components";

/** PageSkeleton stands while a page's code or first data is on its way. */
export function PageSkeleton() {
  return (
    <div aria-busy style={{ display: "grid", gap: 24 }}>
      <Skeleton width={240} height={34} />
      <Skeleton width="100%" height={180} radius={11} />
      <Skeleton width="100%" height={180} radius={11} />
    </div>
  );
}
