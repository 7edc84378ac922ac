import { useTranslation } from "react-i18next";
import { Select } from "@/components";

/** HoursSelect chooses how long a session of a role lasts at most; seconds that are no whole hours stay as they are. */
export function HoursSelect({ value, onChange }: { value: number; onChange: (seconds: number) => void }) {
  const { t } = useTranslation("identities");
  const offered = [1, 2, 4, 6, 8, 12].map((hours) => hours * 3600);
  return (
    <Select value={value} onChange={(event) => onChange(Number(event.target.value))}>
      {[...new Set([...offered, value])]
        .sort((a, b) => a - b)
        .map((seconds) => (
          <option key={seconds} value={seconds}>
            {t("role.hours", { count: seconds / 3600 })}
          </option>
        ))}
    </Select>
  );
}
