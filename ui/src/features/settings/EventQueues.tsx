import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { QueryView, Skeleton } from "@/components";
import { useTargetName } from "@/features/buckets/EventRuleCard";
import { EventTargetCard } from "@/features/buckets/EventTargetCard";
import { eventQueuesQuery } from "./queries";
import s from "./Settings.module.css";

/** EventQueues are where events wait, of all buckets, also of those that are gone: there nobody else can steer them. */
export function EventQueues() {
  const { t } = useTranslation("webhooks");
  const nameOf = useTargetName();
  const client = useQueryClient();
  const queues = useQuery(eventQueuesQuery);
  const look = () => client.invalidateQueries({ queryKey: eventQueuesQuery.queryKey });
  return (
    <section className={s.layout} aria-labelledby="event-queues">
      <h2 id="event-queues">{t("queues.title")}</h2>
      <QueryView query={queues} skeleton={<Skeleton width="100%" height={120} radius={11} />}>
        {(list) => (
          <>
            <p>{t(list.length === 0 ? "queues.none" : "queues.description")}</p>
            {list.map((target) => {
              const params = { query: { queue: target.queue } };
              return (
                <EventTargetCard
                  key={target.queue}
                  target={target}
                  title={t("queues.of", { bucket: target.bucket, target: nameOf(target.target) })}
                  note={target.gone ? t("queues.gone") : undefined}
                  steering={{
                    retry: () => api.POST("/api/v1/event-queues/retry", { params }).then(look),
                    discard: () => body(api.DELETE("/api/v1/event-queues", { params })).finally(look),
                  }}
                />
              );
            })}
          </>
        )}
      </QueryView>
    </section>
  );
}
