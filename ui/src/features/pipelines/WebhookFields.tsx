import { useTranslation } from "react-i18next";
import { Alert, CopyField } from "@/components";

/** WebhookFields is what a Git server must be told; the secret is shown once. */
export function WebhookFields({ url, secret }: { url: string; secret?: string }) {
  const { t } = useTranslation("pipelines");
  return (
    <>
      <CopyField label={t("webhook.url")} value={url} />
      {secret && (
        <>
          <CopyField label={t("webhook.secret")} value={secret} />
          <Alert tone="warn">{t("webhook.once")}</Alert>
        </>
      )}
    </>
  );
}
