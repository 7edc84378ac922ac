import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import s from "./Preview.module.css";

type TableProps = { label: string; header: string[]; rows: (index: number) => string[]; count: number };

const rowHeight = 32;

/** Table shows many rows of short cells; only those in sight are in the page. */
export function Table({ label, header, rows, count }: TableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count, getScrollElement: () => scroller.current, estimateSize: () => rowHeight, overscan: 15 });
  const items = virtual.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <div ref={scroller} className={s.table} tabIndex={0} role="region" aria-label={label}>
      <table aria-rowcount={count + 1}>
        <thead>
          <tr>
            {header.map((cell, column) => (
              <th key={column} scope="col" title={cell}>
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && (
            <tr aria-hidden>
              <td style={{ height: before }} />
            </tr>
          )}
          {items.map((item) => (
            <tr key={item.key} aria-rowindex={item.index + 2}>
              {rows(item.index).map((cell, column) => (
                <td key={column} title={cell.length > 30 ? cell : undefined}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
          {after > 0 && (
            <tr aria-hidden>
              <td style={{ height: after }} />
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}
