import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText, fieldText } from "@/api/errors";
import type { EventWebhook, NewEventWebhook } from "@/api/types";
import { Alert, Button, Checkbox, Dialog, Field, Input, PasswordInput, Textarea, toast } from "@/components";
import { webhooksQuery } from "./queries";
import { WebhookAnswer } from "./WebhookAnswer";

const examples = { name: "ci", url: "https://ci.example.com/hooks/croft" };

type Form = { name: string; url: string; token: string; clear: boolean; authorities: string; insecure: boolean };

function requestOf(form: Form, keeps: boolean): NewEventWebhook {
  const token = form.clear ? "" : form.token || (keeps ? undefined : "");
  return { name: form.name, url: form.url, token, authorities: form.authorities, insecure: form.insecure };
}

/** WebhookDialog asks where events go, tries it, and adds or changes the webhook. */
export function WebhookDialog({ webhook, onClose }: { webhook?: EventWebhook; onClose: () => void }) {
  const { t } = useTranslation("webhooks");
  const client = useQueryClient();
  const keeps = webhook?.hasToken ?? false;
  const [form, setForm] = useState<Form>({
    name: webhook?.name ?? "",
    url: webhook?.url ?? "",
    token: "",
    clear: false,
    authorities: webhook?.authorities ?? "",
    insecure: webhook?.insecure ?? false,
  });
  const test = useMutation({
    mutationFn: () => body(api.POST("/api/v1/event-webhooks/test", { body: requestOf(form, keeps) })),
  });
  const save = useMutation({
    mutationFn: () =>
      body(
        webhook
          ? api.PUT("/api/v1/event-webhooks/{webhook}", {
              params: { path: { webhook: webhook.name } },
              body: requestOf(form, keeps),
            })
          : api.POST("/api/v1/event-webhooks", { body: requestOf(form, keeps) }),
      ),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: webhooksQuery.queryKey });
      toast.ok(t("saved", { name: form.name }));
      onClose();
    },
  });
  const change = (part: Partial<Form>) => {
    setForm((old) => ({ ...old, ...part }));
    test.reset();
    save.reset();
  };
  const failed = save.error ?? test.error;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={webhook ? t("form.change", { name: webhook.name }) : t("form.title")}
      description={t("form.hint")}
      onSubmit={() => save.mutate()}
      footer={
        <>
          <Button disabled={!form.name || !form.url} busy={test.isPending} onClick={() => test.mutate()}>
            {t("try")}
          </Button>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={save.isPending} disabled={!form.name || !form.url}>
            {t("form.save")}
          </Button>
        </>
      }
    >
      {!webhook && (
        <Field label={t("form.name")} hint={t("form.nameHint")} error={fieldText(failed, "name")}>
          <Input
            mono
            required
            maxLength={64}
            placeholder={examples.name}
            value={form.name}
            onChange={(event) => change({ name: event.target.value.trim() })}
            autoComplete="off"
            spellCheck={false}
          />
        </Field>
      )}
      <Field label={t("form.url")} hint={t("form.urlHint")} error={fieldText(failed, "url")}>
        <Input
          mono
          required
          type="url"
          placeholder={examples.url}
          value={form.url}
          onChange={(event) => change({ url: event.target.value.trim() })}
          autoComplete="off"
          spellCheck={false}
        />
      </Field>
      <Field label={t("form.token")} optional hint={t(keeps ? "form.tokenKept" : "form.tokenHint")} error={fieldText(failed, "token")}>
        <PasswordInput
          mono
          value={form.token}
          disabled={form.clear}
          onChange={(event) => change({ token: event.target.value })}
          autoComplete="off"
          spellCheck={false}
        />
      </Field>
      {keeps && (
        <Checkbox label={t("form.clear")} checked={form.clear} onChange={(event) => change({ clear: event.target.checked, token: "" })} />
      )}
      <Field label={t("form.authorities")} optional hint={t("form.authoritiesHint")} error={fieldText(failed, "authorities")}>
        <Textarea
          mono
          rows={3}
          value={form.authorities}
          onChange={(event) => change({ authorities: event.target.value })}
          autoComplete="off"
          spellCheck={false}
        />
      </Field>
      <Checkbox
        label={t("form.insecure")}
        hint={t("form.insecureHint")}
        checked={form.insecure}
        onChange={(event) => change({ insecure: event.target.checked })}
      />
      {form.insecure && <Alert tone="warn">{t("insecureWarning")}</Alert>}
      <WebhookAnswer answer={test.data} error={test.error} />
      {save.error && <Alert tone="danger">{errorText(save.error)}</Alert>}
    </Dialog>
  );
}
