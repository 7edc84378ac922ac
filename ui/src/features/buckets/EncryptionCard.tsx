import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import type { BucketSettings } from "@/api/types";
import { Alert, Field, Input, RadioList } from "@/components";
import { SettingsForm, type SettingsProps } from "./SettingsForm";
import { defaultKeyName, keyNameFits, maxKeyName } from "./keyName";

export function EncryptionCard({ bucket, readOnly }: SettingsProps) {
  const { t } = useTranslation("buckets");
  const me = useMe();
  const was = bucket.settings.encryption;
  const [encryption, setEncryption] = useState<BucketSettings["encryption"]>(was);
  const [keyId, setKeyId] = useState(bucket.settings.keyId);
  const wanted = encryption === "named" ? keyId.trim() : "";
  const fits = keyNameFits(wanted);
  const same = encryption === was && wanted === bucket.settings.keyId;
  return (
    <SettingsForm
      bucket={bucket}
      readOnly={readOnly}
      title={t("encryption.title")}
      description={t("encryption.description")}
      change={same || !fits ? undefined : { encryption, keyId: wanted }}
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
          {
            value: "named",
            label: t("encryption.named"),
            hint: t("encryption.namedHint"),
            disabled: !bucket.encryptionAvailable,
          },
        ]}
      />
      {encryption === "named" && (
        <Field
          label={t("encryption.keyName")}
          hint={t("encryption.keyNameHint", { name: defaultKeyName })}
          error={fits ? undefined : t("encryption.keyNameBad", { most: maxKeyName })}
        >
          <Input
            value={keyId}
            disabled={readOnly}
            placeholder={defaultKeyName}
            spellCheck={false}
            autoCapitalize="off"
            onChange={(event) => setKeyId(event.target.value)}
          />
        </Field>
      )}
      {me.admin && bucket.encryptionAvailable && (
        <p>
          {t("encryption.key")} <Link to="/settings/encryption">{t("encryption.keyLink")}</Link>
        </p>
      )}
    </SettingsForm>
  );
}
