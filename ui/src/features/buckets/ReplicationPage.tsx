import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { CopyPlus, Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button, EmptyState, PageHeader, QueryView, Skeleton } from "@/components";
import { AddReplicationDialog } from "./AddReplicationDialog";
import { replicationQuery } from "./queries";
import s from "./Replication.module.css";
import { ReplicationRuleCard } from "./ReplicationRuleCard";
import { ReplicationTargets } from "./ReplicationTargets";

const route = getRouteApi("/app/buckets/$bucket/replication");

export function ReplicationPage() {
  const { t } = useTranslation("replication");
  const { bucket } = route.useParams();
  const rules = useQuery(replicationQuery(bucket));
  const [adding, setAdding] = useState(false);
  const add = (
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
        actions={rules.data && rules.data.length > 0 && add}
      />
      <QueryView query={rules} skeleton={<Skeleton height={220} />}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState icon={<CopyPlus size={22} />} title={t("none")} action={add}>
              <p>{t("noneHint")}</p>
            </EmptyState>
          ) : (
            <div className={s.rules}>
              {list.map((rule) => (
                <ReplicationRuleCard key={rule.id} bucket={bucket} rule={rule} />
              ))}
            </div>
          )
        }
      </QueryView>
      <ReplicationTargets bucket={bucket} />
      {adding && <AddReplicationDialog bucket={bucket} onClose={() => setAdding(false)} />}
    </>
  );
}
