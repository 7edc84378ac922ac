import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { BucketSettings } from "@/api/types";
import { Field, Input, RadioList, Select } from "@/components";
import s from "./BucketSettings.module.css";
import { SettingsForm, type SettingsProps } from "./SettingsForm";

type Lock = BucketSettings["defaultLock"];

export function LockCard({ bucket, readOnly }: SettingsProps) {
  const { t } = useTranslation("buckets");
  const was = bucket.settings.defaultLock;
  const [mode, setMode] = useState<Lock["mode"]>(was.mode);
  const [amount, setAmount] = useState(String(was.years || was.days || 30));
  const [unit, setUnit] = useState<"days" | "years">(was.years > 0 ? "years" : "days");
  const count = Number(amount);
  const valid = mode === "none" || (Number.isInteger(count) && count > 0 && count <= (unit === "years" ? 100 : 36_500));
  const wanted: Lock =
    mode === "none"
      ? { mode, days: 0, years: 0 }
      : { mode, days: unit === "days" ? count : 0, years: unit === "years" ? count : 0 };
  const same = wanted.mode === was.mode && wanted.days === was.days && wanted.years === was.years;
  return (
    <SettingsForm
      bucket={bucket}
      readOnly={readOnly}
      title={t("lock.title")}
      description={t("lock.description")}
      change={same || !valid ? undefined : { defaultLock: wanted }}
    >
      <RadioList
        label={t("lock.title")}
        value={mode}
        onChange={setMode}
        disabled={readOnly}
        options={[
          { value: "none", label: t("lock.none"), hint: t("lock.noneHint") },
          { value: "governance", label: t("lock.governance"), hint: t("lock.governanceHint") },
          { value: "compliance", label: t("lock.compliance"), hint: t("lock.complianceHint") },
        ]}
      />
      {mode !== "none" && (
        <div className={s.pair}>
          <Field label={t("lock.for")} error={valid ? undefined : t("lock.bad")}>
            <Input
              type="number"
              min={1}
              step={1}
              value={amount}
              disabled={readOnly}
              onChange={(event) => setAmount(event.target.value)}
            />
          </Field>
          <Field label={t("lock.unit")}>
            <Select
              value={unit}
              disabled={readOnly}
              onChange={(event) => setUnit(event.target.value === "years" ? "years" : "days")}
            >
              <option value="days">{t("lock.days")}</option>
              <option value="years">{t("lock.years")}</option>
            </Select>
          </Field>
        </div>
      )}
    </SettingsForm>
  );
}
