import { useTranslation } from "react-i18next";
import { Input } from "@/components";
import s from "./Identities.module.css";

type SearchProps = { label: string; value: string; onChange: (value: string) => void; shown: number; total: number };

/** Search narrows a list, and says how much of it is left. */
export function Search({ label, value, onChange, shown, total }: SearchProps) {
  const { t } = useTranslation("identities");
  return (
    <div className={s.search}>
      <Input
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      <span className={s.count} role="status">
        {shown === total ? t("count", { count: total }) : t("countOf", { shown, total })}
      </span>
    </div>
  );
}
