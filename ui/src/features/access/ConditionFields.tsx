import { Plus, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { PolicyLanguage } from "@/api/types";
import { Button, IconButton, Input, Select, Textarea } from "@/components";
import type { Condition } from "./document";
import s from "./Policy.module.css";

type ConditionFieldsProps = {
  conditions: Condition[];
  language: PolicyLanguage;
  readOnly: boolean;
  /** What is wrong, and with which: "IpAddress.aws:SourceIp". */
  error?: { at: string; message: string };
  onChange: (conditions: Condition[]) => void;
};

/** ConditionFields are the conditions of a statement: all of them have to hold. */
export function ConditionFields({ conditions, language, readOnly, error, onChange }: ConditionFieldsProps) {
  const { t } = useTranslation("policies");
  const fresh = language.keys[0];
  return (
    <div className={s.group} role="group" aria-label={t("conditions.title")}>
      <span className={s.name}>{t("conditions.title")}</span>
      {conditions.length === 0 && <p className={s.hint}>{t("conditions.none")}</p>}
      {conditions.map((one, index) => (
        <ConditionRow
          key={index}
          number={index + 1}
          condition={one}
          language={language}
          readOnly={readOnly}
          error={error && (error.at === `${one.operator}.${one.key}` || error.at === one.operator) ? error.message : undefined}
          onChange={(next) => onChange(conditions.with(index, next))}
          onRemove={() => onChange(conditions.toSpliced(index, 1))}
        />
      ))}
      {error && !conditions.some((one) => error.at === `${one.operator}.${one.key}` || error.at === one.operator) && (
        <p className={s.error} role="alert">
          {error.message}
        </p>
      )}
      {!readOnly && fresh && (
        <div>
          <Button
            size="sm"
            icon={<Plus size={15} />}
            onClick={() => onChange([...conditions, unused(conditions, language)])}
          >
            {t("conditions.add")}
          </Button>
        </div>
      )}
    </div>
  );
}

/** unused is a condition with a key that has none yet: JSON has one place for each. */
function unused(conditions: Condition[], language: PolicyLanguage): Condition {
  const key = language.keys.find((one) => !one.tag && !conditions.some((c) => c.key.toLowerCase() === one.name.toLowerCase()));
  return { operator: language.operators[key?.kind ?? "text"]?.[0] ?? "StringEquals", key: key?.name ?? "", values: [""] };
}

type ConditionRowProps = {
  number: number;
  condition: Condition;
  language: PolicyLanguage;
  readOnly: boolean;
  error?: string;
  onChange: (condition: Condition) => void;
  onRemove: () => void;
};

function ConditionRow({ number, condition, language, readOnly, error, onChange, onRemove }: ConditionRowProps) {
  const { t } = useTranslation("policies");
  // The names of providers have slashes too, which no name of a tag follows.
  const whole = language.keys.some((one) => !one.tag && one.name.toLowerCase() === condition.key.toLowerCase());
  const slash = whole ? -1 : condition.key.indexOf("/");
  const name = slash < 0 ? condition.key : condition.key.slice(0, slash);
  const tag = slash < 0 ? "" : condition.key.slice(slash + 1);
  const known = language.keys.find((one) => one.name.toLowerCase() === name.toLowerCase());
  const operators = language.operators[known?.kind ?? "text"] ?? [];
  const choose = (next: string) => {
    const key = language.keys.find((one) => one.name === next);
    const fitting = language.operators[key?.kind ?? "text"] ?? [];
    onChange({
      operator: fitting.includes(condition.operator) ? condition.operator : (fitting[0] ?? condition.operator),
      key: key?.tag ? `${next}/${tag || "team"}` : next,
      values: key?.kind === "boolean" ? ["true"] : condition.values,
    });
  };
  const truth = known?.kind === "boolean" || condition.operator === "Null";
  return (
    <div className={s.condition}>
      <Select
        aria-label={t("conditions.key", { number })}
        value={known?.name ?? name}
        disabled={readOnly}
        onChange={(event) => choose(event.target.value)}
      >
        {!known && <option value={name}>{name}</option>}
        {language.keys.map((one) => (
          <option key={one.name}>{one.name}</option>
        ))}
      </Select>
      <Select
        aria-label={t("conditions.operator", { number })}
        value={condition.operator}
        disabled={readOnly}
        onChange={(event) =>
          onChange({
            ...condition,
            operator: event.target.value,
            values: event.target.value === "Null" ? ["true"] : condition.values,
          })
        }
      >
        {!operators.includes(condition.operator) && <option>{condition.operator}</option>}
        {operators.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </Select>
      {truth && condition.values.length === 1 && ["true", "false"].includes(condition.values[0] ?? "") ? (
        <Select
          aria-label={t("conditions.value", { number })}
          value={condition.values[0]}
          disabled={readOnly}
          onChange={(event) => onChange({ ...condition, values: [event.target.value] })}
        >
          <option value="true">{t("conditions.yes")}</option>
          <option value="false">{t("conditions.no")}</option>
        </Select>
      ) : (
        <Textarea
          mono
          aria-label={t("conditions.value", { number })}
          placeholder={t("conditions.values")}
          aria-invalid={error !== undefined || undefined}
          rows={Math.max(1, condition.values.length)}
          spellCheck={false}
          autoCapitalize="off"
          readOnly={readOnly}
          value={condition.values.join("\n")}
          onChange={(event) => onChange({ ...condition, values: event.target.value.split("\n") })}
        />
      )}
      {!readOnly && (
        <IconButton
          className={s.drop}
          label={t("conditions.remove", { number })}
          icon={<Trash2 size={15} />}
          onClick={onRemove}
        />
      )}
      {slash >= 0 && (
        <Input
          className={s.tag}
          mono
          aria-label={t("conditions.tag", { number })}
          prefix={t("conditions.tagPrefix")}
          value={tag}
          readOnly={readOnly}
          onChange={(event) => onChange({ ...condition, key: `${name}/${event.target.value}` })}
        />
      )}
      {error !== undefined && (
        <p className={s.error} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
