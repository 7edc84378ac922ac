import { useQuery } from "@tanstack/react-query";
import { parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Alert, Button, Skeleton } from "@/components";
import { formatNumber } from "@/lib/format";
import s from "./Preview.module.css";
import { readRange, type Source } from "./read";
import { Table } from "./Table";

const step = 200;
const mostRows = 5000;

/** ParquetPreview reads the footer and the columns of the first rows, by ranges. */
export default function ParquetPreview({ source }: { source: Source }) {
  const { t } = useTranslation("browser");
  const [limit, setLimit] = useState(step);
  const file = { byteLength: source.size, slice: (from: number, to = source.size) => readRange(source, from, to) };
  const table = useQuery({
    queryKey: ["preview", "parquet", source.address, source.etag, limit],
    retry: false,
    queryFn: async () => {
      const metadata = await parquetMetadataAsync(file);
      const columns = parquetSchema(metadata).children.map((column) => column.element.name);
      const rows = await parquetReadObjects({ file, metadata, compressors, rowStart: 0, rowEnd: Math.min(limit, Number(metadata.num_rows)) });
      return { columns, rows: rows.map((row) => columns.map((column) => words(row[column]))), total: Number(metadata.num_rows) };
    },
    placeholderData: (before) => before,
  });
  if (table.isError) return <Alert tone="danger">{t("preview.unreadable")}</Alert>;
  if (!table.data) return <Skeleton width="100%" height={240} />;
  const { columns, rows, total } = table.data;
  return (
    <>
      <Table label={source.name} header={columns} count={rows.length} rows={(index) => rows[index] ?? []} />
      <p className={s.more}>
        {t("preview.rowsOf", { number: formatNumber(rows.length), total: formatNumber(total) })}
        {rows.length < total && limit < mostRows && (
          <Button size="sm" busy={table.isFetching} onClick={() => setLimit(Math.min(mostRows, limit * 5))}>
            {t("preview.more")}
          </Button>
        )}
      </p>
    </>
  );
}

function words(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Array.from(value.slice(0, 32), (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (typeof value === "object") {
    return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? inner.toString() : inner));
  }
  return typeof value === "string" ? value : String(value as number | bigint | boolean);
}
