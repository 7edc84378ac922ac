import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { BucketSettings } from "@/api/types";
import { RadioList } from "@/components";
import { SettingsForm, type SettingsProps } from "./SettingsForm";

export function VersioningCard({ bucket, readOnly }: SettingsProps) {
  const { t } = useTranslation("buckets");
  const { versioning: was, objectLock } = bucket.settings;
  const [versioning, setVersioning] = useState<BucketSettings["versioning"]>(was);
  return (
    <SettingsForm
      bucket={bucket}
      readOnly={readOnly}
      title={t("versioning.title")}
      description={objectLock ? t("versioning.locked") : t("versioning.description")}
      change={versioning === was || versioning === "off" ? undefined : { versioning }}
    >
      <RadioList
        label={t("versioning.title")}
        value={versioning}
        onChange={setVersioning}
        disabled={readOnly}
        options={[
          { value: "off", label: t("versioning.off"), hint: t("versioning.offHint"), disabled: was !== "off" },
          { value: "enabled", label: t("versioning.enabled"), hint: t("versioning.enabledHint") },
          {
            value: "suspended",
            label: t("versioning.suspended"),
            hint: t("versioning.suspendedHint"),
            disabled: was === "off" || objectLock,
          },
        ]}
      />
    </SettingsForm>
  );
}
