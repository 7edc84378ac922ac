import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { QueryView, Skeleton } from "@/components";
import { formatBytes, formatNumber } from "@/lib/format";
import s from "./Preview.module.css";
import type { Source } from "./read";
import { Table } from "./Table";
import { listZip } from "./zip";

export default function ZipPreview({ source }: { source: Source }) {
  const { t } = useTranslation("browser");
  const contents = useQuery({
    queryKey: ["preview", "zip", source.address, source.etag],
    queryFn: async ({ signal }) => (await listZip(source, signal)) ?? null,
  });
  return (
    <QueryView query={contents} bare skeleton={<Skeleton width="100%" height={240} />}>
      {(found) =>
        found === null ? (
          <p>{t("preview.none")}</p>
        ) : (
          <>
            <Table
              label={source.name}
              header={[t("column.name"), t("column.size")]}
              count={found.entries.length}
              rows={(index) => {
                const entry = found.entries[index];
                return entry ? [entry.name, entry.folder ? "" : formatBytes(entry.size)] : [];
              }}
            />
            <p className={s.more}>{t("preview.entries", { count: found.count, number: formatNumber(found.count) })}</p>
          </>
        )
      }
    </QueryView>
  );
}
