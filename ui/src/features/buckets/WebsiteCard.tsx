import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "@/api/errors";
import type { BucketWeb, BucketWebChange } from "@/api/types";
import { Alert, Button, Card, Field, Input, RadioList, Select } from "@/components";
import s from "./BucketSettings.module.css";
import { useSaveWeb, type WebProps } from "./WebCards";

const examples = { error: "error.html", host: "www.example.com" };
const protocols = ["https", "http"] as const;

type Protocol = NonNullable<BucketWeb["website"]>["redirectProtocol"];
type Draft = { mode: "off" | "pages" | "redirect"; index: string; error: string; host: string; protocol: Protocol };

function draftOf({ website }: BucketWeb): Draft {
  return {
    mode: !website ? "off" : website.redirectHost ? "redirect" : "pages",
    index: website?.index || "index.html",
    error: website?.error ?? "",
    host: website?.redirectHost ?? "",
    protocol: website?.redirectProtocol ?? "",
  };
}

function changeOf(draft: Draft): BucketWebChange {
  if (draft.mode === "off") return { endWebsite: true };
  const pages = draft.mode === "pages";
  return {
    website: {
      index: pages ? draft.index.trim() : "",
      error: pages ? draft.error.trim() : "",
      redirectHost: pages ? "" : draft.host.trim(),
      redirectProtocol: pages ? "" : draft.protocol,
    },
  };
}

/** WebsiteCard says and sets how the bucket is shown as a website. */
export function WebsiteCard({ bucket, readOnly, web }: WebProps) {
  const { t } = useTranslation("buckets");
  const [draft, setDraft] = useState(() => draftOf(web));
  const save = useSaveWeb(bucket, (changed) => setDraft(draftOf(changed)));
  const same = JSON.stringify(changeOf(draft)) === JSON.stringify(changeOf(draftOf(web)));
  const missing = (draft.mode === "pages" && !draft.index.trim()) || (draft.mode === "redirect" && !draft.host.trim());
  const set = (part: Partial<Draft>) => {
    save.reset();
    setDraft({ ...draft, ...part });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!same && !missing) save.mutate(changeOf(draft));
  };
  const rules = web.website?.routingRules ?? 0;
  const address = web.addresses?.[0];
  return (
    <form onSubmit={submit}>
      <Card
        title={t("website.title")}
        description={t("website.description")}
        footer={
          !readOnly && (
            <Button type="submit" variant="primary" busy={save.isPending} disabled={same || missing}>
              {t("common:save")}
            </Button>
          )
        }
      >
        <div className={s.form}>
          <RadioList
            label={t("website.title")}
            value={draft.mode}
            onChange={(mode) => set({ mode })}
            disabled={readOnly}
            options={[
              { value: "off", label: t("website.off") },
              { value: "pages", label: t("website.pages"), hint: t("website.pagesHint") },
              { value: "redirect", label: t("website.redirect"), hint: t("website.redirectHint") },
            ]}
          />
          {draft.mode === "pages" && (
            <>
              <Field label={t("website.index")} hint={t("website.indexHint")}>
                <Input mono value={draft.index} disabled={readOnly} onChange={(event) => set({ index: event.target.value })} />
              </Field>
              <Field label={t("website.error")} optional hint={t("website.errorHint")}>
                <Input
                  mono
                  value={draft.error}
                  placeholder={examples.error}
                  disabled={readOnly}
                  onChange={(event) => set({ error: event.target.value })}
                />
              </Field>
            </>
          )}
          {draft.mode === "redirect" && (
            <>
              <Field label={t("website.host")} hint={t("website.hostHint")}>
                <Input
                  mono
                  value={draft.host}
                  placeholder={examples.host}
                  disabled={readOnly}
                  onChange={(event) => set({ host: event.target.value })}
                />
              </Field>
              <Field label={t("website.protocol")}>
                <Select
                  value={draft.protocol}
                  disabled={readOnly}
                  onChange={(event) => set({ protocol: event.target.value as Protocol })}
                >
                  <option value="">{t("website.asAsked")}</option>
                  {protocols.map((protocol) => (
                    <option key={protocol} value={protocol}>
                      {protocol}
                    </option>
                  ))}
                </Select>
              </Field>
            </>
          )}
          {rules > 0 && (
            <Alert tone={draft.mode === "pages" ? "info" : "warn"}>
              {t(draft.mode === "pages" ? "website.rules" : "website.rulesGo", { count: rules })}
            </Alert>
          )}
          {draft.mode !== "off" &&
            (address ? (
              <p className={s.quiet}>
                {t("website.address")} <code className={s.address}>{address}/</code>
              </p>
            ) : (
              <Alert>{t("website.noDomain")}</Alert>
            ))}
          {save.isError && <Alert tone="danger">{errorText(save.error)}</Alert>}
        </div>
      </Card>
    </form>
  );
}
