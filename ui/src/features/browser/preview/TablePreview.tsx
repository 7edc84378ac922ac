import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button, QueryView, Skeleton } from "@/components";
import { formatNumber } from "@/lib/format";
import { parseTable, separatorOf } from "./csv";
import s from "./Preview.module.css";
import { readRange, wholeText, type Source } from "./read";
import { Table } from "./Table";

const step = 1 << 20;
const most = 16 << 20;
const mostRows = 100_000;
/** A row of more cells is no table that can be read. */
const mostColumns = 200;

export default function TablePreview({ source }: { source: Source }) {
  const { t } = useTranslation("browser");
  const [limit, setLimit] = useState(step);
  const table = useQuery({
    queryKey: ["preview", "table", source.address, source.etag, limit],
    queryFn: async ({ signal }) => {
      const text = wholeText(await readRange(source, 0, limit, signal), source.size > limit);
      return parseTable(text, separatorOf(text), mostRows, source.size > limit);
    },
    placeholderData: (before) => before,
  });
  return (
    <QueryView query={table} bare skeleton={<Skeleton width="100%" height={240} />}>
      {([header = [], ...rows]) => (
        <>
          <Table
            label={source.name}
            header={header.slice(0, mostColumns)}
            count={rows.length}
            rows={(index) => (rows[index] ?? []).slice(0, mostColumns)}
          />
          <p className={s.more}>
            {source.size > limit ? t("preview.rowsSoFar", { number: formatNumber(rows.length) }) : t("preview.rows", { count: rows.length, number: formatNumber(rows.length) })}
            {source.size > limit && limit < most && (
              <Button size="sm" busy={table.isFetching} onClick={() => setLimit(limit * 4)}>
                {t("preview.more")}
              </Button>
            )}
          </p>
        </>
      )}
    </QueryView>
  );
}
