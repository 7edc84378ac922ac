import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ClipboardList, Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Alert, Button, EmptyState, PageHeader, QueryView, Skeleton } from "@/components";
import { InventoryCard } from "./InventoryCard";
import { InventoryDialog } from "./InventoryDialog";
import { inventoryQuery } from "./queries";
import s from "./Replication.module.css";
import { useBucketRole } from "./useBucketRole";

const route = getRouteApi("/app/buckets/$bucket/inventory");

export function InventoryPage() {
  const { t } = useTranslation("inventory");
  const { bucket } = route.useParams();
  const inventory = useQuery(inventoryQuery(bucket));
  const { mayChange } = useBucketRole(bucket);
  const [adding, setAdding] = useState(false);
  const add = mayChange && (
    <Button variant="primary" icon={<Plus size={16} />} onClick={() => setAdding(true)}>
      {t("add")}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={t("title")}
        description={t("description")}
        breadcrumbs={[
          <Link key="buckets" to="/buckets">
            {t("buckets:title")}
          </Link>,
          <Link key="bucket" to="/buckets/$bucket" params={{ bucket }} search={{}}>
            {bucket}
          </Link>,
        ]}
        actions={inventory.data && inventory.data.reports.length > 0 && add}
      />
      <QueryView query={inventory} skeleton={<Skeleton height={220} />}>
        {({ available, reports }) => (
          <div className={s.rules} key={bucket}>
            {!mayChange && <Alert>{t("buckets:settings.maintainersOnly")}</Alert>}
            {!available ? (
              <Alert>{t("unavailable")}</Alert>
            ) : reports.length === 0 ? (
              <EmptyState icon={<ClipboardList size={22} />} title={t("none")} action={add || undefined}>
                <p>{t("noneHint")}</p>
              </EmptyState>
            ) : (
              reports.map((report) => (
                <InventoryCard key={report.id} bucket={bucket} report={report} readOnly={!mayChange} />
              ))
            )}
          </div>
        )}
      </QueryView>
      {adding && <InventoryDialog bucket={bucket} onClose={() => setAdding(false)} />}
    </>
  );
}
