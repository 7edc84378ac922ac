import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import type { BucketSettings } from "@/api/types";
import { Alert, RadioList } from "@/components";
import { SettingsForm, type SettingsProps } from "./SettingsForm";

export function EncryptionCard({ bucket, readOnly }: SettingsProps) {
  const { t } = useTranslation("buckets");
  const me = useMe();
  const was = bucket.settings.encryption;
  const [encryption, setEncryption] = useState<BucketSettings["encryption"]>(was);
  return (
    <SettingsForm
      bucket={bucket}
      readOnly={readOnly}
      title={t("encryption.title")}
      description={t("encryption.description")}
      change={encryption === was ? undefined : { encryption }}
    >
      {!bucket.encryptionAvailable && <Alert tone="warn">{t("encryption.unavailable")}</Alert>}
      <RadioList
        label={t("encryption.title")}
        value={encryption}
        onChange={setEncryption}
        disabled={readOnly}
        options={[
          { value: "none", label: t("encryption.none"), hint: t("encryption.noneHint") },
          {
            value: "store",
            label: t("encryption.store"),
            hint: t("encryption.storeHint"),
            disabled: !bucket.encryptionAvailable,
          },
        ]}
      />
      {me.admin && bucket.encryptionAvailable && (
        <p>
          {t("encryption.key")} <Link to="/settings/encryption">{t("encryption.keyLink")}</Link>
        </p>
      )}
    </SettingsForm>
  );
}
