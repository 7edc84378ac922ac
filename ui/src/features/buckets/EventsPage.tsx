import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { BellRing } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import type { EventTarget } from "@/api/types";
import { EventRuleCard, useTargetName } from "./EventRuleCard";
import { EventRuleDialog } from "./EventRuleDialog";
import { EventTargetCard } from "./EventTargetCard";
import { eventsQuery } from "./queries";
import { RulesPage } from "./RulesPage";

const route = getRouteApi("/app/buckets/$bucket/events");

function BucketTarget({ bucket, target, readOnly }: { bucket: string; target: EventTarget; readOnly: boolean }) {
  const { t } = useTranslation("events");
  const nameOf = useTargetName();
  const client = useQueryClient();
  const params = { path: { bucket }, query: { target: target.target } };
  const look = () => client.invalidateQueries({ queryKey: eventsQuery(bucket).queryKey });
  return (
    <EventTargetCard
      target={target}
      title={t("toTarget", { target: nameOf(target.target) })}
      note={target.ruled ? undefined : t("unruled")}
      steering={
        readOnly
          ? undefined
          : {
              retry: () => api.POST("/api/v1/buckets/{bucket}/events/retry", { params }).then(look),
              discard: () => body(api.DELETE("/api/v1/buckets/{bucket}/events/waiting", { params })).finally(look),
            }
      }
    />
  );
}

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
          <BucketTarget key={target.queue} bucket={bucket} target={target} readOnly={readOnly} />
        ))
      }
    >
      {({ rules }, readOnly) =>
        rules?.map((rule) => <EventRuleCard key={rule.id} bucket={bucket} rule={rule} readOnly={readOnly} />)
      }
    </RulesPage>
  );
}
