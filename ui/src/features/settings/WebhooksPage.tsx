import { useQuery } from "@tanstack/react-query";
import { Plus, Webhook } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button, EmptyState, QueryView, Skeleton } from "@/components";
import { EventQueues } from "./EventQueues";
import { webhooksQuery } from "./queries";
import s from "./Settings.module.css";
import { WebhookCard } from "./WebhookCard";
import { WebhookDialog } from "./WebhookDialog";

/** WebhooksPage is where administrators say where events of buckets may go. */
export function WebhooksPage() {
  const { t } = useTranslation("webhooks");
  const webhooks = useQuery(webhooksQuery);
  const [adding, setAdding] = useState(false);
  const add = (
    <Button variant="primary" icon={<Plus size={16} />} onClick={() => setAdding(true)}>
      {t("add")}
    </Button>
  );
  return (
    <QueryView query={webhooks} skeleton={<Skeleton width="100%" height={220} radius={11} />}>
      {(list) => (
        <div className={s.layout}>
          {list.length === 0 ? (
            <EmptyState icon={<Webhook size={22} />} title={t("none")} action={add}>
              <p>{t("noneHint")}</p>
              <p>{t("noneNext")}</p>
            </EmptyState>
          ) : (
            <>
              <div className={s.toolbar}>
                <p>{t("description")}</p>
                {add}
              </div>
              {list.map((webhook) => (
                <WebhookCard key={webhook.name} webhook={webhook} />
              ))}
            </>
          )}
          <EventQueues />
          {adding && <WebhookDialog onClose={() => setAdding(false)} />}
        </div>
      )}
    </QueryView>
  );
}
