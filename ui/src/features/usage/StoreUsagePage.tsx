import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { BucketStanding, TopOrder, UsageRange } from "@/api/types";
import { DataTable, ErrorState, PageHeader, QueryView, Select, Skeleton, type Column } from "@/components";
import { formatBytes, formatGrowth, formatNumber } from "@/lib/format";
import { orders, topBucketsQuery, usageQuery } from "./queries";
import { rangeOf } from "./range";
import { RangePicker } from "./RangePicker";
import { UsageCharts } from "./UsageCharts";
import s from "./Usage.module.css";

const route = getRouteApi("/app/usage");

export function StoreUsagePage() {
  const { t } = useTranslation("usage");
  const { range = "day" } = route.useSearch();
  const navigate = useNavigate();
  const history = useQuery(usageQuery(range));
  return (
    <>
      <PageHeader
        title={t("storeTitle")}
        description={t("storeDescription")}
        breadcrumbs={[
          <Link key="buckets" to="/buckets">
            {t("buckets:title")}
          </Link>,
        ]}
        actions={
          <RangePicker
            range={range}
            onChange={(next) => void navigate({ to: "/usage", search: next === "day" ? {} : { range: next }, replace: true })}
          />
        }
      />
      <QueryView query={history} skeleton={<Skeleton width="100%" height={420} radius={11} />}>
        {(found) => (
          <div className={s.page}>
            <UsageCharts history={found} range={rangeOf(found.step)} />
            <TopBuckets range={range} counted={found.counted} />
          </div>
        )}
      </QueryView>
    </>
  );
}

/** TopBuckets compares buckets; where the store does not count, by requests alone. */
function TopBuckets({ range, counted }: { range: UsageRange; counted: boolean }) {
  const { t } = useTranslation("usage");
  const [chosen, setChosen] = useState<TopOrder>("size");
  const by = counted ? chosen : "requests";
  const top = useQuery(topBucketsQuery(range, by));
  const columns: Column<BucketStanding>[] = [
    {
      id: "name",
      header: t("buckets:name"),
      kind: "primary",
      cell: (bucket) => (
        <Link to="/buckets/$bucket/usage" params={{ bucket: bucket.name }} search={range === "day" ? {} : { range }}>
          {bucket.name}
        </Link>
      ),
    },
    { id: "project", header: t("buckets:project"), muted: true, cell: (bucket) => bucket.projectSlug ?? t("buckets:noProject") },
    ...(counted
      ? ([
          { id: "size", header: t("size"), align: "right", cell: (bucket) => formatBytes(bucket.bytes) },
          {
            id: "quota",
            header: t("quota"),
            align: "right",
            muted: true,
            cell: (bucket) => (bucket.quota > 0 ? formatBytes(bucket.quota) : t("common:noLimit")),
          },
          {
            id: "growth",
            header: t("growth"),
            align: "right",
            cell: (bucket) => formatGrowth(bucket.growth),
          },
          { id: "objects", header: t("objects"), align: "right", cell: (bucket) => formatNumber(bucket.objects) },
        ] satisfies Column<BucketStanding>[])
      : []),
    { id: "requests", header: t("requests"), align: "right", cell: (bucket) => formatNumber(bucket.requests) },
  ];
  return (
    <section className={s.top}>
      <div className={s.topHead}>
        <h2>{t("top.title")}</h2>
        {counted && (
          <Select aria-label={t("top.by")} value={by} onChange={(event) => setChosen(event.target.value as TopOrder)}>
            {orders.map((order) => (
              <option key={order} value={order}>
                {t(`top.${order}`)}
              </option>
            ))}
          </Select>
        )}
      </div>
      {top.isError && !top.data ? (
        <ErrorState error={top.error} onRetry={() => void top.refetch()} />
      ) : (
        <DataTable caption={t("top.title")} rows={top.data} rowKey={(bucket) => bucket.name} columns={columns} />
      )}
    </section>
  );
}
