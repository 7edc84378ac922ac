import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { CalendarClock, Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Alert, Button, EmptyState, PageHeader, QueryView, Skeleton } from "@/components";
import { LifecycleDialog } from "./LifecycleDialog";
import { LifecycleRuleCard } from "./LifecycleRuleCard";
import { LifecycleStatusCard } from "./LifecycleStatusCard";
import { lifecycleQuery } from "./queries";
import s from "./Replication.module.css";
import { useBucketRole } from "./useBucketRole";

const route = getRouteApi("/app/buckets/$bucket/lifecycle");

export function LifecyclePage() {
  const { t } = useTranslation("lifecycle");
  const { bucket } = route.useParams();
  const lifecycle = useQuery(lifecycleQuery(bucket));
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
        actions={lifecycle.data && lifecycle.data.rules.length > 0 && add}
      />
      <QueryView query={lifecycle} skeleton={<Skeleton height={220} />}>
        {({ available, rules, status }) => (
          <div className={s.rules} key={bucket}>
            {!mayChange && <Alert>{t("buckets:settings.maintainersOnly")}</Alert>}
            {!available ? (
              <Alert>{t("unavailable")}</Alert>
            ) : rules.length === 0 ? (
              <EmptyState icon={<CalendarClock size={22} />} title={t("none")} action={add || undefined}>
                <p>{t("noneHint")}</p>
              </EmptyState>
            ) : (
              <>
                {rules.map((rule) => (
                  <LifecycleRuleCard key={rule.id} bucket={bucket} rule={rule} readOnly={!mayChange} />
                ))}
                {status && <LifecycleStatusCard status={status} />}
              </>
            )}
          </div>
        )}
      </QueryView>
      {adding && <LifecycleDialog bucket={bucket} onClose={() => setAdding(false)} />}
    </>
  );
}
