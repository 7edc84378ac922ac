import { useTranslation } from "react-i18next";
import { sizeUnits, type SizeUnit } from "@/lib/sizes";
import { Input, Select } from "./Field";
import s from "./SizeInput.module.css";

type SizeInputProps = {
  amount: string;
  unit: SizeUnit;
  onChange: (amount: string, unit: SizeUnit) => void;
  disabled?: boolean;
  placeholder?: string;
};

/** SizeInput is a number and its unit; the label of the Field around it is the number's. */
export function SizeInput({ amount, unit, onChange, disabled, placeholder }: SizeInputProps) {
  const { t } = useTranslation();
  return (
    <div className={s.size}>
      <Input
        type="number"
        min={0}
        step="any"
        inputMode="decimal"
        value={amount}
        disabled={disabled}
        placeholder={placeholder}
        onChange={(event) => onChange(event.target.value, unit)}
      />
      <Select
        id={undefined}
        aria-label={t("sizeUnit")}
        aria-describedby={undefined}
        value={unit}
        disabled={disabled}
        onChange={(event) => onChange(amount, event.target.value as SizeUnit)}
      >
        {sizeUnits.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </Select>
    </div>
  );
}
