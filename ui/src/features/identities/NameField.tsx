import { useTranslation } from "react-i18next";
import { Field, Input } from "@/components";

type NameFieldProps = {
  hint: string;
  error?: string;
  /** So many letters at most; 128 where nothing is said. */
  most?: number;
  value: string;
  onChange: (value: string) => void;
};

/** NameField asks what something new is to be called. */
export function NameField({ hint, error, most = 128, value, onChange }: NameFieldProps) {
  const { t } = useTranslation("identities");
  return (
    <Field label={t("name")} hint={hint} error={error}>
      <Input
        autoFocus
        required
        maxLength={most}
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </Field>
  );
}
