import { Plus, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { PolicyLanguage } from "@/api/types";
import { Alert, Button, Checkbox, Field, IconButton, Input, Select } from "@/components";
import { cx } from "@/lib/cx";
import { ActionPicker } from "./ActionPicker";
import { ConditionFields } from "./ConditionFields";
import { reachOf, resourcesOf, trusting, type Place, type Reach, type Statement } from "./document";
import s from "./Policy.module.css";
import { trustLanguage } from "./trustLanguage";
import { WhoField } from "./WhoField";

type StatementCardProps = {
  number: number;
  statement: Statement;
  language: PolicyLanguage;
  /** Whose policy it is; none for policies of users. */
  bucket?: string;
  readOnly: boolean;
  problem?: Place & { message: string };
  onChange: (statement: Statement) => void;
  onRemove: () => void;
};

/** StatementCard is one statement as a form. */
export function StatementCard({ number, statement, language, bucket, readOnly, problem, onChange, onRemove }: StatementCardProps) {
  const { t } = useTranslation("policies");
  const change = (part: Partial<Statement>) => onChange({ ...statement, ...part });
  const at = (part: string) => (problem?.part === part ? problem.message : undefined);
  const shown = ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"];
  return (
    <fieldset className={cx(s.statement, statement.effect === "Deny" && s.deny, problem && s.wrong)}>
      <legend>{statement.sid || t("statement.number", { number })}</legend>
      {!readOnly && (
        <IconButton
          className={s.remove}
          label={t("statement.remove", { number })}
          icon={<Trash2 size={16} />}
          onClick={onRemove}
        />
      )}
      {problem && !shown.includes(problem.part) && <Alert tone="danger">{problem.message}</Alert>}
      <div className={s.pair}>
        <Field label={t("statement.effect")} error={at("Effect")}>
          <Select
            value={statement.effect}
            disabled={readOnly}
            onChange={(event) => change({ effect: event.target.value as Statement["effect"] })}
          >
            <option value="Allow">{t("statement.allow")}</option>
            <option value="Deny">{t("statement.deny")}</option>
          </Select>
        </Field>
        {(!readOnly || statement.sid) && (
          <Field label={t("statement.sid")} optional={!readOnly} error={at("Sid")}>
            <Input value={statement.sid} readOnly={readOnly} onChange={(event) => change({ sid: event.target.value })} />
          </Field>
        )}
      </div>
      {statement.who && (
        <WhoField
          who={statement.who}
          trust={statement.trust}
          readOnly={readOnly}
          error={at("Principal")}
          onChange={(who) => onChange(statement.trust ? trusting(statement, who) : { ...statement, who })}
        />
      )}
      {statement.notActions && <Alert tone="warn">{t("actions.not")}</Alert>}
      {statement.trust ? (
        <div className={s.group} role="group" aria-label={t("actions.title")}>
          <span className={s.name}>{t("actions.title")}</span>
          <ul className={s.chips}>
            {statement.actions.map((name) => (
              <li key={name} className={s.chip}>
                <code>{name}</code>
              </li>
            ))}
          </ul>
          {at("Action") !== undefined && (
            <p className={s.error} role="alert">
              {at("Action")}
            </p>
          )}
        </div>
      ) : (
        <>
          <ActionPicker
            actions={statement.actions}
            known={language.actions}
            readOnly={readOnly}
            error={at("Action")}
            onChange={(actions) => change({ actions })}
          />
          {statement.notResources && <Alert tone="warn">{t("resources.not")}</Alert>}
          <ResourceFields
            resources={statement.resources}
            bucket={bucket}
            readOnly={readOnly}
            error={at("Resource")}
            onChange={(resources) => change({ resources })}
          />
        </>
      )}
      <ConditionFields
        conditions={statement.conditions}
        language={statement.trust ? trustLanguage(language, statement.who?.kind === "federated" ? statement.who.names : []) : language}
        readOnly={readOnly}
        error={problem?.part === "Condition" ? { at: problem.condition, message: problem.message } : undefined}
        onChange={(conditions) => change({ conditions })}
      />
    </fieldset>
  );
}

type ResourceFieldsProps = {
  resources: string[];
  bucket?: string;
  readOnly: boolean;
  error?: string;
  onChange: (resources: string[]) => void;
};

function ResourceFields({ resources, bucket, readOnly, error, onChange }: ResourceFieldsProps) {
  const { t } = useTranslation("policies");
  const reach: Reach = bucket === undefined ? { itself: false, keys: [], others: resources } : reachOf(resources, bucket);
  const change = (part: Partial<Reach>) => {
    const next = { ...reach, ...part };
    onChange(bucket === undefined ? next.others : resourcesOf(next, bucket));
  };
  const rows = (name: "keys" | "others", prefix: string | undefined) =>
    reach[name].map((one, index) => (
      <div key={index} className={s.row}>
        <Input
          mono
          prefix={prefix}
          aria-label={t(`resources.${name}`, { number: index + 1 })}
          value={one}
          readOnly={readOnly}
          spellCheck={false}
          autoCapitalize="off"
          onChange={(event) => change({ [name]: reach[name].with(index, event.target.value) })}
        />
        {!readOnly && (
          <IconButton
            label={t("resources.remove", { name: one })}
            icon={<Trash2 size={15} />}
            onClick={() => change({ [name]: reach[name].toSpliced(index, 1) })}
          />
        )}
      </div>
    ));
  return (
    <div className={s.group} role="group" aria-label={t("resources.title")}>
      <span className={s.name}>{t("resources.title")}</span>
      {bucket !== undefined && (
        <>
          <Checkbox
            label={t("resources.itself")}
            hint={t("resources.itselfHint")}
            checked={reach.itself}
            disabled={readOnly}
            onChange={(event) => change({ itself: event.target.checked })}
          />
          {rows("keys", `${bucket}/`)}
          <p className={s.hint}>{t("resources.keysHint")}</p>
        </>
      )}
      {rows("others", undefined)}
      {error !== undefined && (
        <p className={s.error} role="alert">
          {error}
        </p>
      )}
      {!readOnly && (
        <div>
          <Button
            size="sm"
            icon={<Plus size={15} />}
            onClick={() =>
              change(bucket === undefined ? { others: [...reach.others, "arn:aws:s3:::"] } : { keys: [...reach.keys, "*"] })
            }
          >
            {bucket === undefined ? t("resources.add") : t("resources.addKeys")}
          </Button>
        </div>
      )}
    </div>
  );
}
