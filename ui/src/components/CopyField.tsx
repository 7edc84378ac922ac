import { Check, Copy } from "lucide-react";
import { useTranslation } from "react-i18next";
import { cx } from "@/lib/cx";
import { useCopy } from "@/lib/useCopy";
import { IconButton } from "./Button";
import s from "./CopyField.module.css";

type CopyFieldProps = { value: string; label?: string; /** Several lines, such as commands. */ block?: boolean };

/** CopyField shows something meant to be pasted elsewhere. */
export function CopyField({ value, label, block }: CopyFieldProps) {
  const Value = block ? "pre" : "div";
  return (
    <div>
      {label !== undefined && <span className={s.label}>{label}</span>}
      <div className={s.box}>
        <Value
          className={cx(s.value, block && s.block)}
          tabIndex={0}
          role="textbox"
          aria-readonly
          aria-multiline={block}
          aria-label={label}
        >
          {value}
        </Value>
        <CopyButton value={value} />
      </div>
    </div>
  );
}

export function CopyButton({ value, label, size }: { value: string; label?: string; size?: "sm" | "md" }) {
  const { t } = useTranslation();
  const [copied, copy] = useCopy();
  return (
    <>
      <IconButton
        size={size}
        className={cx(copied && s.done)}
        label={copied ? t("copied") : (label ?? t("copy"))}
        icon={copied ? <Check size={16} /> : <Copy size={16} />}
        onClick={() => void copy(value)}
      />
      <span className="srOnly" aria-live="polite">
        {copied ? t("copied") : ""}
      </span>
    </>
  );
}
