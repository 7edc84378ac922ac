import { Plus, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Button, IconButton, Input } from "@/components";
import s from "./Browser.module.css";

export type Pair = { name: string; value: string };

export const pairsOf = (values: Record<string, string>): Pair[] =>
  Object.entries(values)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, value]) => ({ name, value }));

/** valuesOf leaves out lines without a name. */
export const valuesOf = (pairs: Pair[]): Record<string, string> =>
  Object.fromEntries(pairs.filter((pair) => pair.name.trim() !== "").map((pair) => [pair.name.trim(), pair.value]));

/** PairsEditor edits names and values, line by line. */
export function PairsEditor({ label, pairs, onChange }: { label: string; pairs: Pair[]; onChange: (pairs: Pair[]) => void }) {
  const { t } = useTranslation("browser");
  const put = (index: number, change: Partial<Pair>) => onChange(pairs.map((pair, i) => (i === index ? { ...pair, ...change } : pair)));
  return (
    <fieldset className={s.pairs}>
      <legend>{label}</legend>
      {pairs.map((pair, index) => (
        <div key={index} className={s.pair}>
          <Input aria-label={t("facts.pairName", { number: index + 1 })} value={pair.name} mono onChange={(event) => put(index, { name: event.target.value })} />
          <Input aria-label={t("facts.pairValue", { number: index + 1 })} value={pair.value} onChange={(event) => put(index, { value: event.target.value })} />
          <IconButton size="sm" label={t("facts.remove", { name: pair.name })} icon={<X size={15} />} onClick={() => onChange(pairs.filter((_, i) => i !== index))} />
        </div>
      ))}
      <Button size="sm" icon={<Plus size={15} />} onClick={() => onChange([...pairs, { name: "", value: "" }])}>
        {t("facts.add")}
      </Button>
    </fieldset>
  );
}
