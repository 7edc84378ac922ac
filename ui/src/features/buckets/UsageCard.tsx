import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Field, Progress, SizeInput } from "@/components";
import { formatBytes, formatNumber } from "@/lib/format";
import { joinSize, splitSize } from "@/lib/sizes";
import s from "./BucketSettings.module.css";
import { SettingsForm, type SettingsProps } from "./SettingsForm";

export function UsageCard({ bucket, readOnly }: SettingsProps) {
  const { t } = useTranslation("buckets");
  const { usage, settings } = bucket;
  const [{ amount, unit }, setSize] = useState(splitSize(settings.quota, "MiB"));
  const quota = joinSize(amount, unit);
  const used = usage ? usage.bytes + usage.unfinished : 0; // both count
  return (
    <SettingsForm
      bucket={bucket}
      readOnly={readOnly}
      title={t("settings.usage")}
      change={quota === undefined || quota === settings.quota ? undefined : { quota }}
    >
      {usage && (
        <>
          <dl className={s.figures}>
            <div>
              <dt>{t("settings.objects")}</dt>
              <dd>{formatNumber(usage.objects)}</dd>
            </div>
            <div>
              <dt>{t("settings.older")}</dt>
              <dd>{formatNumber(usage.versions)}</dd>
            </div>
            <div>
              <dt>{t("settings.bytes")}</dt>
              <dd>{formatBytes(usage.bytes)}</dd>
            </div>
            {usage.unfinished > 0 && (
              <div>
                <dt>{t("settings.unfinished")}</dt>
                <dd>
                  <Link to="/buckets/$bucket" params={{ bucket: bucket.name }} search={{ unfinished: true }}>
                    {formatBytes(usage.unfinished)}
                  </Link>
                </dd>
              </div>
            )}
          </dl>
          {settings.quota > 0 && (
            <div className={s.bar}>
              <Progress
                value={used}
                max={settings.quota}
                label={t("settings.quotaUsed")}
                tone={used >= settings.quota ? "danger" : used > settings.quota * 0.9 ? "warn" : undefined}
              />
              <small>
                {t("settings.quotaOf", { used: formatBytes(used), quota: formatBytes(settings.quota) })}
              </small>
            </div>
          )}
        </>
      )}
      <Field
        label={t("settings.quota")}
        hint={t("settings.quotaHint")}
        error={quota === undefined ? t("settings.quotaBad") : undefined}
      >
        <SizeInput
          amount={amount}
          unit={unit}
          disabled={readOnly}
          placeholder={t("common:noLimit")}
          onChange={(nextAmount, nextUnit) => setSize({ amount: nextAmount, unit: nextUnit })}
        />
      </Field>
    </SettingsForm>
  );
}
