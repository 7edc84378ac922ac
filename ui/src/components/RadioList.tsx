import { useId, type ReactNode } from "react";
import s from "./RadioList.module.css";

type Option<Value extends string> = { value: Value; label: ReactNode; hint?: ReactNode; disabled?: boolean };

type RadioListProps<Value extends string> = {
  /** Read aloud as the name of the choice. */
  label: string;
  options: Option<Value>[];
  value: Value;
  onChange: (value: Value) => void;
  disabled?: boolean;
};

/** RadioList is a choice of few whose meanings want a sentence each. */
export function RadioList<Value extends string>({ label, options, value, onChange, disabled }: RadioListProps<Value>) {
  const name = useId();
  return (
    <div role="radiogroup" aria-label={label} className={s.list}>
      {options.map((option) => (
        <label key={option.value} className={s.option}>
          <input
            type="radio"
            name={name}
            checked={value === option.value}
            disabled={disabled || option.disabled}
            onChange={() => onChange(option.value)}
          />
          <span>
            <b>{option.label}</b>
            {option.hint !== undefined && <small>{option.hint}</small>}
          </span>
        </label>
      ))}
    </div>
  );
}
