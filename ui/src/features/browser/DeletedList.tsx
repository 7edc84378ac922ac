import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { FileX, Folder, History } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Button, DataTable, EmptyState, ErrorState, Time } from "@/components";
import s from "./Browser.module.css";
import { deletedQuery } from "./queries";

type DeletedListProps = {
  bucket: string;
  prefix: string;
  onVersions: (object: { key: string; name: string }) => void;
};

type Row = { key: string; name: string; deletedAt?: string };

/** DeletedList is what was deleted in a folder, and the folders that may hold more of it. */
export function DeletedList({ bucket, prefix, onVersions }: DeletedListProps) {
  const { t } = useTranslation("buckets");
  const deleted = useInfiniteQuery(deletedQuery(bucket, prefix));
  if (deleted.isError && !deleted.data) {
    return <ErrorState error={deleted.error} onRetry={() => void deleted.refetch()} />;
  }
  const pages = deleted.data?.pages;
  const rows: Row[] | undefined = pages && [
    ...new Map(
      pages
        .flatMap((page) => page.prefixes)
        .map((key): [string, Row] => [key, { key, name: key.slice(prefix.length).replace(/\/$/, "") }]),
    ).values(),
    ...pages
      .flatMap((page) => page.items)
      .filter((marker) => marker.key !== prefix)
      .map((marker) => ({ key: marker.key, name: marker.key.slice(prefix.length), deletedAt: marker.modifiedAt })),
  ];
  return (
    <>
      {rows?.length === 0 && !deleted.hasNextPage ? (
        <EmptyState icon={<History size={22} />} title={t("deleted.none")}>
          <p>{t("deleted.noneHint")}</p>
        </EmptyState>
      ) : (
        <DataTable
          caption={t("deleted.title")}
          rows={rows}
          rowKey={(row) => row.key}
          columns={[
            {
              id: "name",
              header: t("key"),
              kind: "primary",
              cell: (row) => (
                <span className={s.entry}>
                  {row.deletedAt ? (
                    <>
                      <FileX size={17} aria-hidden />
                      <button type="button" className={s.entryButton} onClick={() => onVersions(row)}>
                        {row.name}
                      </button>
                    </>
                  ) : (
                    <>
                      <Folder size={17} aria-hidden />
                      <Link to="/buckets/$bucket" params={{ bucket }} search={{ prefix: row.key, deleted: true }}>
                        {row.name || "/"}
                      </Link>
                    </>
                  )}
                </span>
              ),
            },
            {
              id: "deleted",
              header: t("deleted.when"),
              muted: true,
              cell: (row) => (row.deletedAt ? <Time value={row.deletedAt} /> : null),
            },
            {
              id: "actions",
              header: t("common:actions"),
              kind: "actions",
              cell: (row) =>
                row.deletedAt && (
                  <Button size="sm" icon={<History size={15} />} onClick={() => onVersions(row)}>
                    {t("versions.open")}
                  </Button>
                ),
            },
          ]}
        />
      )}
      {deleted.hasNextPage && (
        <p className={s.more}>
          <Button busy={deleted.isFetchingNextPage} onClick={() => void deleted.fetchNextPage()}>
            {t("common:loadMore")}
          </Button>
        </p>
      )}
    </>
  );
}
