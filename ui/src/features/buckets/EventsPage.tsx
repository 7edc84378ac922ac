import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { BellRing } from "lucide-react";
import { useTranslation } from "react-i18next";
import { EventRuleCard } from "./EventRuleCard";
import { EventRuleDialog } from "./EventRuleDialog";
import { EventTargetCard } from "./EventTargetCard";
import { eventsQuery } from "./queries";
import { RulesPage } from "./RulesPage";

const route = getRouteApi("/app/buckets/$bucket/events");

export function EventsPage() {
  const { t } = useTranslation("events");
  const { bucket } = route.useParams();
  return (
    <RulesPage
      bucket={bucket}
      query={useQuery(eventsQuery(bucket))}
      title={t("title")}
      description={t("description")}
      add={t("add")}
      dialog={(close) => <EventRuleDialog bucket={bucket} onClose={close} />}
      count={({ rules }) => rules?.length ?? 0}
      unavailable={({ available }) => (available ? undefined : t("unavailable"))}
      empty={{ icon: <BellRing size={22} />, title: t("none"), hint: t("noneHint") }}
      rest={({ targets }, readOnly) =>
        targets?.map((target) => (
          <EventTargetCard key={target.target} bucket={bucket} target={target} readOnly={readOnly} />
        ))
      }
    >
      {({ rules }, readOnly) =>
        rules?.map((rule) => <EventRuleCard key={rule.id} bucket={bucket} rule={rule} readOnly={readOnly} />)
      }
    </RulesPage>
  );
}
