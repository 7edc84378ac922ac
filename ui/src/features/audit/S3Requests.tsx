import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { FileClock, RotateCw } from "lucide-react";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { bucketsQuery } from "@/api/queries";
import { Button, Bytes, DataTable, EmptyState, ErrorState, Field, Input, Time } from "@/components";
import s from "./Audit.module.css";
import { linesOf, objectOf, type S3Line } from "./s3";
import { S3Outcome, S3RequestDetails } from "./S3RequestDetails";
import { useSettled } from "./useSettled";

const pageSize = 50;

/** S3Requests is what was written, copied and deleted over S3, the newest first. */
export function S3Requests() {
  const { t } = useTranslation("audit");
  const [bucket, setBucket] = useState("");
  const [text, setText] = useState("");
  const [opened, setOpened] = useState<S3Line>();
  const asked = useSettled({ bucket: bucket.trim(), contains: text.trim() });
  const filtered = asked.bucket !== "" || asked.contains !== "";
  const log = useInfiniteQuery({
    queryKey: ["audit", "s3", asked],
    queryFn: ({ pageParam, signal }) =>
      body(
        api.GET("/api/v1/audit/s3", {
          params: {
            query: {
              bucket: asked.bucket || undefined,
              contains: asked.contains || undefined,
              before: pageParam || undefined,
              limit: pageSize,
            },
          },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
  });
  const lines = log.data && linesOf(log.data.pages);
  return (
    <>
      <p className={s.about}>{t("s3.about")}</p>
      <div className={s.filters}>
        <BucketField value={bucket} onChange={setBucket} />
        <Field label={t("s3.contains")} className={s.contains}>
          <Input
            type="search"
            maxLength={200}
            placeholder={t("s3.containsExample")}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </Field>
        <Button
          icon={<RotateCw size={15} />}
          busy={log.isRefetching && !log.isFetchingNextPage}
          onClick={() => void log.refetch()}
        >
          {t("s3.refresh")}
        </Button>
      </div>
      {log.isError && !lines ? (
        <ErrorState error={log.error} onRetry={() => void log.refetch()} />
      ) : lines?.length === 0 ? (
        <EmptyState icon={<FileClock size={22} />} title={filtered ? t("noneFound") : t("s3.none")}>
          {!filtered ? t("s3.noneBody") : log.hasNextPage ? t("s3.noneYet") : t("s3.noneFoundBody")}
        </EmptyState>
      ) : (
        <S3Table lines={lines} onOpen={setOpened} />
      )}
      <div className={s.more}>
        {log.hasNextPage ? (
          <Button busy={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
            {filtered ? t("s3.further") : t("common:loadMore")}
          </Button>
        ) : (
          lines !== undefined && lines.length > 0 && t("end")
        )}
      </div>
      <S3RequestDetails request={opened} onClose={() => setOpened(undefined)} />
    </>
  );
}

/** BucketField offers the buckets there are; one that is gone can still be typed. */
function BucketField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { t } = useTranslation("audit");
  const list = useId();
  const buckets = useQuery(bucketsQuery);
  return (
    <Field label={t("s3.bucket")}>
      <Input
        type="search"
        list={list}
        maxLength={63}
        placeholder={t("s3.allBuckets")}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      <datalist id={list}>
        {buckets.data?.map((bucket) => (
          <option key={bucket.name} value={bucket.name} />
        ))}
      </datalist>
    </Field>
  );
}

function S3Table({ lines, onOpen }: { lines: S3Line[] | undefined; onOpen: (line: S3Line) => void }) {
  const { t } = useTranslation("audit");
  return (
    <DataTable
      caption={t("s3.title")}
      rows={lines}
      rowKey={(line) => line.id}
      skeletonRows={8}
      columns={[
        {
          id: "operation",
          header: t("action"),
          kind: "primary",
          cell: (line) =>
            line.dropped > 0 ? (
              <span className={s.dropped}>{t("s3.dropped", { count: line.dropped })}</span>
            ) : (
              <button type="button" className={s.open} onClick={() => onOpen(line)}>
                <span className={s.action}>{line.operation}</span>
              </button>
            ),
        },
        { id: "user", header: t("actor"), cell: (line) => line.user },
        {
          id: "object",
          header: t("target"),
          muted: true,
          cell: (line) => (line.dropped > 0 ? null : <ObjectName line={line} />),
        },
        {
          id: "outcome",
          header: t("outcome"),
          cell: (line) => (line.dropped > 0 ? null : <S3Outcome request={line} />),
        },
        {
          id: "size",
          header: t("s3.received"),
          muted: true,
          align: "right",
          hideOnPhone: true,
          cell: (line) =>
            line.bytesIn > 0 && (
              <span className={s.short}>
                <Bytes value={line.bytesIn} />
              </span>
            ),
        },
        {
          id: "at",
          header: t("at"),
          muted: true,
          align: "right",
          cell: (line) => (
            <span className={s.short}>
              <Time value={line.at} />
            </span>
          ),
        },
      ]}
    />
  );
}

function ObjectName({ line }: { line: S3Line }) {
  const { t } = useTranslation("audit");
  const { name, more } = objectOf(line);
  return (
    <span className={s.target}>
      {name}
      {more > 0 && <span className={s.others}> {t("s3.others", { count: more })}</span>}
    </span>
  );
}
