import { Plus, Trash2 } from "lucide-react";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "@/api/errors";
import type { BucketWeb } from "@/api/types";
import { Alert, Button, Card, Checkbox, Field, IconButton, Input, Textarea } from "@/components";
import s from "./BucketSettings.module.css";
import { corsMethods, draftOf, newRule, ruleOf, type CorsDraft } from "./cors";
import { useSaveWeb, type WebProps } from "./WebCards";

const draftsOf = (web: BucketWeb) => (web.cors ?? []).map(draftOf);

/** CorsCard says and sets which pages of other origins may use the bucket. */
export function CorsCard({ bucket, readOnly, web }: WebProps) {
  const { t } = useTranslation("buckets");
  const [drafts, setDrafts] = useState(() => draftsOf(web));
  const save = useSaveWeb(bucket, (changed) => setDrafts(draftsOf(changed)));
  const rules = drafts.map(ruleOf).filter((rule) => rule !== undefined);
  const whole = rules.length === drafts.length;
  const same = JSON.stringify(rules) === JSON.stringify(draftsOf(web).map(ruleOf)) && whole;
  const change = (next: CorsDraft[]) => {
    save.reset();
    setDrafts(next);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (whole && !same) save.mutate({ cors: rules });
  };
  return (
    <form onSubmit={submit}>
      <Card
        title={t("cors.title")}
        description={t("cors.description")}
        footer={
          !readOnly && (
            <>
              <Button icon={<Plus size={16} />} disabled={drafts.length >= 100} onClick={() => change([...drafts, newRule])}>
                {t("cors.add")}
              </Button>
              <Button type="submit" variant="primary" busy={save.isPending} disabled={same || !whole}>
                {t("common:save")}
              </Button>
            </>
          )
        }
      >
        <div className={s.form}>
          {drafts.length === 0 && <p className={s.quiet}>{t("cors.none")}</p>}
          {drafts.map((draft, index) => (
            <CorsRuleForm
              key={index}
              number={index + 1}
              draft={draft}
              readOnly={readOnly}
              onChange={(next) => change(drafts.with(index, next))}
              onRemove={() => change(drafts.toSpliced(index, 1))}
            />
          ))}
          {!whole && <Alert>{t("cors.bad")}</Alert>}
          {save.isError && <Alert tone="danger">{errorText(save.error)}</Alert>}
        </div>
      </Card>
    </form>
  );
}

type CorsRuleFormProps = {
  number: number;
  draft: CorsDraft;
  readOnly: boolean;
  onChange: (draft: CorsDraft) => void;
  onRemove: () => void;
};

function CorsRuleForm({ number, draft, readOnly, onChange, onRemove }: CorsRuleFormProps) {
  const { t } = useTranslation("buckets");
  const lines = (name: "origins" | "headers" | "expose", placeholder: string) => (
    <Field label={t(`cors.${name}`)} optional={name !== "origins"} hint={t(`cors.${name}Hint`)}>
      <Textarea
        mono
        rows={Math.max(2, draft[name].split("\n").length)}
        value={draft[name]}
        placeholder={placeholder}
        disabled={readOnly}
        spellCheck={false}
        autoCapitalize="off"
        onChange={(event) => onChange({ ...draft, [name]: event.target.value })}
      />
    </Field>
  );
  return (
    <fieldset className={s.rule}>
      <legend>{t("cors.rule", { number })}</legend>
      {!readOnly && (
        <IconButton
          className={s.remove}
          label={t("cors.remove", { number })}
          icon={<Trash2 size={16} />}
          onClick={onRemove}
        />
      )}
      {lines("origins", "https://app.example.com")}
      <div role="group" aria-label={t("cors.methods")} className={s.checks}>
        {corsMethods.map((method) => (
          <Checkbox
            key={method}
            label={method}
            checked={draft.methods?.includes(method) ?? false}
            disabled={readOnly}
            onChange={(event) => {
              const others = (draft.methods ?? []).filter((other) => other !== method);
              onChange({ ...draft, methods: event.target.checked ? [...others, method] : others });
            }}
          />
        ))}
      </div>
      {lines("headers", "*")}
      {lines("expose", "ETag")}
      <Field label={t("cors.maxAge")} optional hint={t("cors.maxAgeHint")}>
        <Input
          inputMode="numeric"
          value={draft.maxAge}
          disabled={readOnly}
          onChange={(event) => onChange({ ...draft, maxAge: event.target.value })}
        />
      </Field>
    </fieldset>
  );
}
