import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { QueryView, Skeleton } from "@/components";
import { BucketHead } from "@/features/buckets/BucketHead";
import { bucketUsageQuery } from "./queries";
import { rangeOf } from "./range";
import { RangePicker } from "./RangePicker";
import { UsageCharts } from "./UsageCharts";

const route = getRouteApi("/app/buckets/$bucket/usage");

export function BucketUsagePage() {
  const { t } = useTranslation("usage");
  const { bucket } = route.useParams();
  const { range = "day" } = route.useSearch();
  const navigate = useNavigate();
  const history = useQuery(bucketUsageQuery(bucket, range));
  return (
    <>
      <BucketHead
        bucket={bucket}
        title={t("title")}
        actions={
          <RangePicker
            range={range}
            onChange={(next) =>
              void navigate({ to: "/buckets/$bucket/usage", params: { bucket }, search: next === "day" ? {} : { range: next }, replace: true })
            }
          />
        }
      />
      <QueryView query={history} skeleton={<Skeleton width="100%" height={420} radius={11} />}>
        {(found) => <UsageCharts key={bucket} history={found} range={rangeOf(found.step)} />}
      </QueryView>
    </>
  );
}
