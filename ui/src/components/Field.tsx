import { ChevronDown, Eye, EyeOff } from "lucide-react";
import {
  createContext,
  useContext,
  useId,
  useState,
  type InputHTMLAttributes,
  type ReactNode,
  type Ref,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
} from "react";
import { useTranslation } from "react-i18next";
import { cx } from "@/lib/cx";
import { IconButton } from "./Button";
import s from "./Field.module.css";

type FieldIds = { id: string; describedBy?: string; invalid: boolean };
const FieldContext = createContext<FieldIds | null>(null);

type FieldProps = {
  label: ReactNode;
  hint?: ReactNode;
  error?: ReactNode;
  optional?: boolean;
  children: ReactNode;
  className?: string;
};

/** Field ties a label, a hint and an error to the one control inside it. */
export function Field({ label, hint, error, optional, children, className }: FieldProps) {
  const { t } = useTranslation();
  const id = useId();
  const describedBy = cx(hint !== undefined && `${id}-hint`, error !== undefined && `${id}-error`);
  return (
    <div className={cx(s.field, className)}>
      <label className={s.label} htmlFor={id}>
        {label} {optional && <span className={s.optional}>{t("optional")}</span>}
      </label>
      <FieldContext value={{ id, describedBy: describedBy || undefined, invalid: error !== undefined }}>
        {children}
      </FieldContext>
      {error !== undefined && (
        <p className={s.error} id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
      {hint !== undefined && (
        <p className={s.hint} id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

function useFieldProps() {
  const field = useContext(FieldContext);
  if (!field) return {};
  return { id: field.id, "aria-describedby": field.describedBy, "aria-invalid": field.invalid || undefined };
}

type InputProps = InputHTMLAttributes<HTMLInputElement> & {
  mono?: boolean;
  /** Fixed words before what is typed, such as the start of an address. */
  prefix?: string;
  ref?: Ref<HTMLInputElement>;
};

export function Input({ mono, prefix, className, ...rest }: InputProps) {
  const input = (
    <input className={cx(s.control, mono && s.mono, className)} {...useFieldProps()} {...rest} />
  );
  if (!prefix) return input;
  return (
    <div className={s.prefixed}>
      <span className={cx(s.prefix, mono && s.mono)}>{prefix}</span>
      {input}
    </div>
  );
}

export function PasswordInput(props: Omit<InputProps, "type" | "prefix">) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  return (
    <div className={s.reveal}>
      <Input {...props} type={shown ? "text" : "password"} />
      <IconButton
        className={s.revealButton}
        label={shown ? t("hidePassword") : t("showPassword")}
        icon={shown ? <EyeOff size={16} /> : <Eye size={16} />}
        onClick={() => setShown(!shown)}
      />
    </div>
  );
}

type TextareaProps = TextareaHTMLAttributes<HTMLTextAreaElement> & {
  mono?: boolean;
  ref?: Ref<HTMLTextAreaElement>;
};

export function Textarea({ mono, className, ...rest }: TextareaProps) {
  return (
    <textarea className={cx(s.control, s.area, mono && s.mono, className)} {...useFieldProps()} {...rest} />
  );
}

type SelectProps = SelectHTMLAttributes<HTMLSelectElement> & { ref?: Ref<HTMLSelectElement> };

/** Select is the platform's own: right on phones, with a keyboard and read aloud. */
export function Select({ className, children, ...rest }: SelectProps) {
  return (
    <div className={cx(s.selectBox, className)}>
      <select className={cx(s.control, s.select)} {...useFieldProps()} {...rest}>
        {children}
      </select>
      <ChevronDown className={s.chevron} size={15} aria-hidden />
    </div>
  );
}

type CheckboxProps = Omit<InputHTMLAttributes<HTMLInputElement>, "type"> & {
  label: ReactNode;
  hint?: ReactNode;
};

export function Checkbox({ label, hint, className, ...rest }: CheckboxProps) {
  return (
    <label className={cx(s.check, className)}>
      <input type="checkbox" {...rest} />
      <span>
        {label}
        {hint !== undefined && <small>{hint}</small>}
      </span>
    </label>
  );
}
