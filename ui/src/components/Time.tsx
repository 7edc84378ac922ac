import { formatBytes, formatDuration, formatExact, formatRelative } from "@/lib/format";
import { useNow } from "@/lib/now";

/** Time says how long ago something was; the exact time is its title. */
export function Time({ value }: { value: string }) {
  const now = useNow();
  return (
    <time dateTime={value} title={formatExact(value)}>
      {formatRelative(value, Math.max(now, Date.parse(value)))}
    </time>
  );
}

/** FutureTime is for what ends or expires: its time may lie ahead. */
export function FutureTime({ value }: { value: string }) {
  const now = useNow();
  return (
    <time dateTime={value} title={formatExact(value)}>
      {formatRelative(value, now)}
    </time>
  );
}

/** Duration is the time from start to end, counting on while there is no end. */
export function Duration({ from, to }: { from?: string; to?: string }) {
  if (!from) return null;
  return to ? <>{formatDuration(Date.parse(to) - Date.parse(from))}</> : <Running from={from} />;
}

function Running({ from }: { from: string }) {
  const now = useNow(1000);
  return <>{formatDuration(now - Date.parse(from))}</>;
}

export function Bytes({ value }: { value: number }) {
  return <>{formatBytes(value)}</>;
}
