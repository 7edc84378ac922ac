import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { errorText, fieldText } from "@/api/errors";
import { Alert } from "./Alert";
import { Field, Input, PasswordInput, Select, Textarea } from "./Field";
import s from "./TargetFields.module.css";

/** TargetForm is a bucket of another S3 cluster, and who Croft is there. */
export type TargetForm = {
  endpoint: string;
  bucket: string;
  accessKey: string;
  secretKey: string;
  region: string;
  style: string;
  authorities: string;
};

export const emptyTarget: TargetForm = {
  endpoint: "",
  bucket: "",
  accessKey: "",
  secretKey: "",
  region: "",
  style: "",
  authorities: "",
};

const examples = { endpoint: "s3.example.com:9000", region: "us-east-1" };

/** targetRequest is what the API is told of a target besides its bucket. */
export function targetRequest(form: TargetForm) {
  return {
    endpoint: form.endpoint,
    accessKey: form.accessKey,
    secretKey: form.secretKey,
    region: form.region || undefined,
    style: (form.style || undefined) as "path" | "virtual" | undefined,
    authorities: form.authorities || undefined,
  };
}

export function isTargetComplete(form: TargetForm): boolean {
  return Boolean(form.endpoint && form.bucket && form.accessKey && form.secretKey);
}

type TargetFieldsProps = {
  value: TargetForm;
  onChange: (part: Partial<TargetForm>) => void;
  /** What the server last refused, shown at the field it is about. */
  error: unknown;
  /** What the API calls the bucket. */
  bucketPath?: string;
  /** What stands behind the keys and before the rest. */
  children?: ReactNode;
};

/** TargetFields asks for a bucket of another S3 cluster. */
export function TargetFields({ value, onChange, error, bucketPath = "bucket", children }: TargetFieldsProps) {
  const { t } = useTranslation("target");
  const text = textOf(value, onChange);
  return (
    <>
      <Field label={t("endpoint")} hint={t("endpointHint")} error={fieldText(error, "endpoint")}>
        <Input mono required placeholder={examples.endpoint} {...text("endpoint")} />
      </Field>
      <Field label={t("bucket")} error={fieldText(error, bucketPath)}>
        <Input mono required {...text("bucket")} />
      </Field>
      <TargetKeyFields value={value} onChange={onChange} error={error} />
      {children}
      <details className={s.more}>
        <summary>{t("more")}</summary>
        <div className={s.moreFields}>
          <Field label={t("region")} optional error={fieldText(error, "region")}>
            <Input mono placeholder={examples.region} {...text("region")} />
          </Field>
          <Field label={t("style")}>
            <Select value={value.style} onChange={(event) => onChange({ style: event.target.value })}>
              <option value="">{t("styleAuto")}</option>
              <option value="path">{t("stylePath")}</option>
              <option value="virtual">{t("styleVirtual")}</option>
            </Select>
          </Field>
          <Field label={t("authorities")} optional hint={t("authoritiesHint")} error={fieldText(error, "authorities")}>
            <Textarea mono rows={4} {...text("authorities")} />
          </Field>
        </div>
      </details>
    </>
  );
}

type TargetKeyFieldsProps = Pick<TargetFieldsProps, "error"> & {
  value: Pick<TargetForm, "accessKey" | "secretKey">;
  onChange: (part: Partial<Pick<TargetForm, "accessKey" | "secretKey">>) => void;
};

/** TargetKeyFields asks for the keys alone. */
export function TargetKeyFields({ value, onChange, error }: TargetKeyFieldsProps) {
  const { t } = useTranslation("target");
  const text = textOf(value, onChange);
  return (
    <>
      <Field label={t("accessKey")} error={fieldText(error, "accessKey")}>
        <Input mono required {...text("accessKey")} />
      </Field>
      <Field label={t("secretKey")} error={fieldText(error, "secretKey")}>
        <PasswordInput required {...text("secretKey")} autoComplete="new-password" />
      </Field>
    </>
  );
}

/** textOf makes the properties of a field that is one text of a form. */
function textOf<F extends Record<string, string>>(value: F, onChange: (part: Partial<F>) => void) {
  return (key: keyof F) => ({
    value: value[key],
    onChange: (event: { target: { value: string } }) => onChange({ [key]: event.target.value } as Partial<F>),
    autoComplete: "off",
    spellCheck: false,
  });
}

/** show scrolls to what the form ends with: the answer to a button below it. */
const show = (answer: HTMLElement | null) => answer?.scrollIntoView({ block: "nearest" });

/** TargetAnswer says how a test or a request ended; nothing before one has. */
export function TargetAnswer({ works, error }: { works: boolean; error: unknown }) {
  const { t } = useTranslation("target");
  if (!works && !error) return null;
  return (
    <div ref={show}>
      {error ? <Alert tone="danger">{errorText(error)}</Alert> : <Alert tone="ok">{t("works")}</Alert>}
    </div>
  );
}
