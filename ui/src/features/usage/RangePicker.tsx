import { useTranslation } from "react-i18next";
import type { UsageRange } from "@/api/types";
import { Button } from "@/components";
import { ranges } from "./queries";
import s from "./Usage.module.css";

/** RangePicker chooses how far back charts go. */
export function RangePicker({ range, onChange }: { range: UsageRange; onChange: (range: UsageRange) => void }) {
  const { t } = useTranslation("usage");
  return (
    <div className={s.ranges} role="group" aria-label={t("range.label")}>
      {ranges.map((one) => (
        <Button key={one} size="sm" aria-pressed={one === range} onClick={() => onChange(one)}>
          {t(`range.${one}`)}
        </Button>
      ))}
    </div>
  );
}
