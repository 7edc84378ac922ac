import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleDashed, X } from "lucide-react";
import { useState } from "react";
import { Trans, useTranslation } from "react-i18next";
import { api } from "@/api/client";
import type { UnfinishedUpload } from "@/api/types";
import { Badge, Button, ConfirmDialog, DataTable, EmptyState, ErrorState, IconButton, Time, toast } from "@/components";
import { formatBytes } from "@/lib/format";
import { AbortUploadsDialog } from "./AbortUploadsDialog";
import s from "./Browser.module.css";
import { unfinishedQuery } from "./queries";
import { dropRecord, readRecords } from "./uploads/records";

type UnfinishedListProps = { bucket: string; prefix: string; mayWrite: boolean };

/** UnfinishedList is what clients began to upload in parts and have not completed, in a folder and below. */
export function UnfinishedList({ bucket, prefix, mayWrite }: UnfinishedListProps) {
  const { t } = useTranslation("browser");
  const client = useQueryClient();
  const query = unfinishedQuery(bucket, prefix);
  const uploads = useInfiniteQuery(query);
  const [aborting, setAborting] = useState<UnfinishedUpload>();
  const [abortingAll, setAbortingAll] = useState(false);
  if (uploads.isError && !uploads.data) {
    return <ErrorState error={uploads.error} onRetry={() => void uploads.refetch()} />;
  }
  const rows = uploads.data?.pages.flatMap((page) => page.items);
  const here = new Set(readRecords().map((record) => record.id));
  const look = () => client.invalidateQueries({ queryKey: query.queryKey });
  return (
    <>
      {rows?.length === 0 && !uploads.hasNextPage ? (
        <EmptyState icon={<CircleDashed size={22} />} title={t("unfinished.none")}>
          <p>{t("unfinished.noneHint")}</p>
        </EmptyState>
      ) : (
        <>
          <div className={s.above}>
            <p>
              <Trans
                t={t}
                i18nKey="unfinished.note"
                components={{ rules: <Link to="/buckets/$bucket/lifecycle" params={{ bucket }} /> }}
              />
            </p>
            {mayWrite && rows && (
              <Button variant="dangerGhost" icon={<X size={16} />} onClick={() => setAbortingAll(true)}>
                {t("unfinished.abortAll")}
              </Button>
            )}
          </div>
          <DataTable
            caption={t("unfinished.title")}
            rows={rows}
            rowKey={(upload) => upload.id}
            columns={[
              {
                id: "name",
                header: t("column.name"),
                kind: "primary",
                cell: (upload) => (
                  <span className={s.unfinished}>
                    {upload.key.slice(prefix.length) || upload.key} {here.has(upload.id) && <Badge tone="info">{t("unfinished.here")}</Badge>}
                  </span>
                ),
              },
              {
                id: "size",
                header: t("unfinished.soFar"),
                align: "right",
                cell: (upload) => t("unfinished.parts", { count: upload.parts, size: formatBytes(upload.bytes) }),
              },
              { id: "by", header: t("unfinished.by"), muted: true, cell: (upload) => upload.startedBy ?? t("unfinished.unknown") },
              { id: "started", header: t("unfinished.started"), muted: true, cell: (upload) => <Time value={upload.startedAt} /> },
              ...(mayWrite
                ? [
                    {
                      id: "actions",
                      header: t("common:actions"),
                      kind: "actions" as const,
                      cell: (upload: UnfinishedUpload) => (
                        <IconButton
                          size="sm"
                          label={t("unfinished.abortLabel", { name: upload.key })}
                          icon={<X size={16} />}
                          onClick={() => setAborting(upload)}
                        />
                      ),
                    },
                  ]
                : []),
            ]}
          />
        </>
      )}
      {uploads.hasNextPage && (
        <p className={s.more}>
          <Button busy={uploads.isFetchingNextPage} onClick={() => void uploads.fetchNextPage()}>
            {t("common:loadMore")}
          </Button>
        </p>
      )}
      <ConfirmDialog
        open={aborting !== undefined}
        onOpenChange={(open) => !open && setAborting(undefined)}
        title={t("unfinished.abortTitle", { name: aborting?.key })}
        body={t("unfinished.abortBody", { size: formatBytes(aborting?.bytes ?? 0) })}
        confirm={t("unfinished.abort")}
        onConfirm={async () => {
          if (!aborting) return;
          const { id, key } = aborting;
          await api.DELETE("/api/v1/buckets/{bucket}/uploads/{upload}", { params: { path: { bucket, upload: id }, query: { key } } });
          dropRecord(id);
          await look();
          toast.ok(t("unfinished.aborted", { count: 1 }));
        }}
      />
      {abortingAll && (
        <AbortUploadsDialog bucket={bucket} prefix={prefix} onClose={() => setAbortingAll(false)} onAborted={() => void look()} />
      )}
    </>
  );
}
