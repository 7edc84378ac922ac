import type { ReactNode } from "react";
import { cx } from "@/lib/cx";
import s from "./DataTable.module.css";
import { Skeleton } from "./Skeleton";

export type Column<Row> = {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  align?: "right";
  /** primary: the name of the row; actions: buttons; both shape the row on phones. */
  kind?: "primary" | "actions";
  muted?: boolean;
  hideOnPhone?: boolean;
  width?: string;
};

type DataTableProps<Row> = {
  /** Read aloud as the table's name. */
  caption: string;
  columns: Column<Row>[];
  /** Undefined while loading: rows of the final height are shown. */
  rows: Row[] | undefined;
  rowKey: (row: Row) => string;
  skeletonRows?: number;
};

/** DataTable is a real table that becomes a list of labelled lines on phones. */
export function DataTable<Row>({ caption, columns, rows, rowKey, skeletonRows = 4 }: DataTableProps<Row>) {
  const classOf = (column: Column<Row>) =>
    cx(
      column.align === "right" && s.right,
      column.kind === "actions" && s.actions,
      column.kind === "primary" && s.primary,
      column.muted && s.muted,
      column.hideOnPhone && s.noPhone,
    );
  const label = (column: Column<Row>) => (column.kind ? undefined : column.header);
  return (
    <div className={s.scroll} aria-busy={rows === undefined}>
      <table className={s.table} role="table" aria-label={caption}>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th
                key={column.id}
                role="columnheader"
                scope="col"
                className={classOf(column)}
                style={{ width: column.width }}
              >
                {column.kind === "actions" ? <span className="srOnly">{column.header}</span> : column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows === undefined
            ? Array.from({ length: skeletonRows }, (_, index) => (
                <tr key={index} role="row">
                  {columns.map((column) => (
                    <td key={column.id} role="cell" className={classOf(column)} data-label={label(column)}>
                      <Skeleton width={column.kind === "primary" ? "60%" : "5em"} />
                    </td>
                  ))}
                </tr>
              ))
            : rows.map((row) => (
                <tr key={rowKey(row)} role="row">
                  {columns.map((column) => (
                    <td key={column.id} role="cell" className={classOf(column)} data-label={label(column)}>
                      {column.cell(row)}
                    </td>
                  ))}
                </tr>
              ))}
        </tbody>
      </table>
    </div>
  );
}
