import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { CalendarClock } from "lucide-react";
import { useTranslation } from "react-i18next";
import { LifecycleDialog } from "./LifecycleDialog";
import { LifecycleRuleCard } from "./LifecycleRuleCard";
import { LifecycleStatusCard } from "./LifecycleStatusCard";
import { lifecycleQuery } from "./queries";
import { RulesPage } from "./RulesPage";

const route = getRouteApi("/app/buckets/$bucket/lifecycle");

export function LifecyclePage() {
  const { t } = useTranslation("lifecycle");
  const { bucket } = route.useParams();
  return (
    <RulesPage
      bucket={bucket}
      query={useQuery(lifecycleQuery(bucket))}
      title={t("title")}
      description={t("description")}
      add={t("add")}
      dialog={(close) => <LifecycleDialog bucket={bucket} onClose={close} />}
      count={({ rules }) => rules.length}
      unavailable={({ available }) => (available ? undefined : t("unavailable"))}
      empty={{ icon: <CalendarClock size={22} />, title: t("none"), hint: t("noneHint") }}
    >
      {({ rules, status }, readOnly) => (
        <>
          {rules.map((rule) => (
            <LifecycleRuleCard key={rule.id} bucket={bucket} rule={rule} readOnly={readOnly} />
          ))}
          {status && <LifecycleStatusCard status={status} />}
        </>
      )}
    </RulesPage>
  );
}
