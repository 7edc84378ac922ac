import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { BellRing, Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Alert, Button, EmptyState, PageHeader, QueryView, Skeleton } from "@/components";
import { EventRuleCard } from "./EventRuleCard";
import { EventRuleDialog } from "./EventRuleDialog";
import { EventTargetCard } from "./EventTargetCard";
import { eventsQuery } from "./queries";
import s from "./Replication.module.css";
import { useBucketRole } from "./useBucketRole";

const route = getRouteApi("/app/buckets/$bucket/events");

export function EventsPage() {
  const { t } = useTranslation("events");
  const { bucket } = route.useParams();
  const events = useQuery(eventsQuery(bucket));
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
        actions={events.data && (events.data.rules ?? []).length > 0 && add}
      />
      <QueryView query={events} skeleton={<Skeleton height={220} />}>
        {({ available, rules, targets }) => (
          <div className={s.rules} key={bucket}>
            {!mayChange && <Alert>{t("buckets:settings.maintainersOnly")}</Alert>}
            {!available && <Alert>{t("unavailable")}</Alert>}
            {available && rules?.length === 0 && (
              <EmptyState icon={<BellRing size={22} />} title={t("none")} action={add || undefined}>
                <p>{t("noneHint")}</p>
              </EmptyState>
            )}
            {rules?.map((rule) => (
              <EventRuleCard key={rule.id} bucket={bucket} rule={rule} readOnly={!mayChange} />
            ))}
            {targets?.map((target) => (
              <EventTargetCard key={target.target} bucket={bucket} target={target} readOnly={!mayChange} />
            ))}
          </div>
        )}
      </QueryView>
      {adding && <EventRuleDialog bucket={bucket} onClose={() => setAdding(false)} />}
    </>
  );
}
