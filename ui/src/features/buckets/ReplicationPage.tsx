import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { CopyPlus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { AddReplicationDialog } from "./AddReplicationDialog";
import { replicationQuery } from "./queries";
import { ReplicationRuleCard } from "./ReplicationRuleCard";
import { ReplicationTargets } from "./ReplicationTargets";
import { RulesPage } from "./RulesPage";

const route = getRouteApi("/app/buckets/$bucket/replication");

export function ReplicationPage() {
  const { t } = useTranslation("replication");
  const { bucket } = route.useParams();
  return (
    <RulesPage
      bucket={bucket}
      query={useQuery(replicationQuery(bucket))}
      title={t("title")}
      description={t("description")}
      add={t("add")}
      dialog={(close) => <AddReplicationDialog bucket={bucket} onClose={close} />}
      count={(rules) => rules.length}
      empty={{ icon: <CopyPlus size={22} />, title: t("none"), hint: t("noneHint") }}
      rest={() => <ReplicationTargets bucket={bucket} />}
    >
      {(rules) => rules.map((rule) => <ReplicationRuleCard key={rule.id} bucket={bucket} rule={rule} />)}
    </RulesPage>
  );
}
