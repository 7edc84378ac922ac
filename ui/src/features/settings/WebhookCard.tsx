import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Pencil, Send, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import type { EventWebhook } from "@/api/types";
import { Alert, Badge, Button, Card, ConfirmButton, CopyField, Fact, Facts, Time, toast } from "@/components";
import { webhooksQuery } from "./queries";
import s from "./TierCard.module.css";
import { WebhookAnswer } from "./WebhookAnswer";
import { WebhookDialog } from "./WebhookDialog";

/** WebhookCard says where a webhook's events go, tries it and changes it. */
export function WebhookCard({ webhook }: { webhook: EventWebhook }) {
  const { t } = useTranslation("webhooks");
  const client = useQueryClient();
  const [changing, setChanging] = useState(false);
  const { name, url, authorities, insecure } = webhook;
  const test = useMutation({
    mutationFn: () => body(api.POST("/api/v1/event-webhooks/test", { body: { name, url, authorities, insecure } })),
  });
  return (
    <Card
      title={name}
      description={<span className={s.place}>{url}</span>}
      actions={<Badge tone="idle">{t(webhook.hasToken ? "withToken" : "withoutToken")}</Badge>}
      footer={
        <div className={s.buttons}>
          <Button size="sm" busy={test.isPending} icon={<Send size={15} />} onClick={() => test.mutate()}>
            {t("try")}
          </Button>
          <Button size="sm" icon={<Pencil size={15} />} onClick={() => setChanging(true)}>
            {t("change")}
          </Button>
          <ConfirmButton
            label={t("remove")}
            icon={<Trash2 size={15} />}
            title={t("removeTitle", { name })}
            body={t("removeBody")}
            onConfirm={async () => {
              await api.DELETE("/api/v1/event-webhooks/{webhook}", { params: { path: { webhook: name } } });
              await client.invalidateQueries({ queryKey: webhooksQuery.queryKey });
              toast.ok(t("removed", { name }));
            }}
          />
        </div>
      }
    >
      <div className={s.body}>
        {insecure && <Alert tone="warn">{t("insecureWarning")}</Alert>}
        <WebhookAnswer answer={test.data} error={test.error} />
        <CopyField label={t("arn")} value={webhook.target} />
        <Facts figures>
          <Fact name={t("created")}>
            <Time value={webhook.createdAt} />
          </Fact>
        </Facts>
      </div>
      {changing && <WebhookDialog webhook={webhook} onClose={() => setChanging(false)} />}
    </Card>
  );
}
