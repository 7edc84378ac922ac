import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Checkbox, Field, SizeInput, Textarea } from "@/components";
import { joinSize, splitSize } from "@/lib/sizes";
import { SettingsForm, type SettingsProps } from "./SettingsForm";

const lines = (text: string) =>
  text
    .split(/[\s,]+/)
    .map((word) => word.trim())
    .filter(Boolean);

export function CompressionCard({ bucket, readOnly }: SettingsProps) {
  const { t } = useTranslation("buckets");
  const was = bucket.settings.compression;
  const [on, setOn] = useState(was.on);
  const [types, setTypes] = useState(was.types.join("\n"));
  const [suffixes, setSuffixes] = useState(was.suffixes.join("\n"));
  const [{ amount, unit }, setSize] = useState(splitSize(was.minSize));
  const minSize = joinSize(amount, unit);
  const wanted = { on, types: lines(types), suffixes: lines(suffixes), minSize: minSize ?? was.minSize };
  const same = JSON.stringify(wanted) === JSON.stringify({ ...wanted, ...was });
  return (
    <SettingsForm
      bucket={bucket}
      readOnly={readOnly}
      title={t("compression.title")}
      description={t("compression.description")}
      change={same || minSize === undefined ? undefined : { compression: wanted }}
    >
      <Checkbox
        label={t("compression.on")}
        hint={t("compression.onHint")}
        checked={on}
        disabled={readOnly}
        onChange={(event) => setOn(event.target.checked)}
      />
      {on && (
        <>
          <Field label={t("compression.types")} optional hint={t("compression.typesHint")}>
            <Textarea
              mono
              rows={3}
              value={types}
              disabled={readOnly}
              placeholder={"text/*\napplication/json"}
              spellCheck={false}
              onChange={(event) => setTypes(event.target.value)}
            />
          </Field>
          <Field label={t("compression.suffixes")} optional hint={t("compression.suffixesHint")}>
            <Textarea
              mono
              rows={3}
              value={suffixes}
              disabled={readOnly}
              placeholder={".log\n.csv"}
              spellCheck={false}
              onChange={(event) => setSuffixes(event.target.value)}
            />
          </Field>
          <Field
            label={t("compression.minSize")}
            optional
            hint={t("compression.minSizeHint")}
            error={minSize === undefined ? t("settings.quotaBad") : undefined}
          >
            <SizeInput
              amount={amount}
              unit={unit}
              disabled={readOnly}
              placeholder="4"
              onChange={(nextAmount, nextUnit) => setSize({ amount: nextAmount, unit: nextUnit })}
            />
          </Field>
        </>
      )}
    </SettingsForm>
  );
}
