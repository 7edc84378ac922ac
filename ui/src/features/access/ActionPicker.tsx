import { X } from "lucide-react";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { PolicyAction } from "@/api/types";
import { Button, Checkbox, IconButton, Input } from "@/components";
import s from "./Policy.module.css";

type ActionPickerProps = {
  actions: string[];
  known: PolicyAction[];
  readOnly: boolean;
  error?: string;
  onChange: (actions: string[]) => void;
};

const groups = ["read", "write", "list", "permissions"] as const;
const everything = "s3:*";

/** ActionPicker chooses actions from those that the server knows, or patterns of them. */
export function ActionPicker({ actions, known, readOnly, error, onChange }: ActionPickerProps) {
  const { t } = useTranslation("policies");
  const id = useId();
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase().replace(/^s3:/, "");
  const fits = known.filter((one) => one.name.slice("s3:".length).toLowerCase().includes(wanted.replaceAll("*", "")));
  // Those of other services are not listed: they are added as they are typed.
  const other = /^[a-z][a-z0-9-]*:[\w*?]+$/i.test(wanted) ? search.trim() : "";
  const pattern = other || (wanted.includes("*") ? `s3:${search.trim().replace(/^s3:/i, "")}` : "");
  const set = (name: string, on: boolean) =>
    onChange(on ? [...actions.filter((one) => one !== name), name] : actions.filter((one) => one !== name));
  return (
    <div className={s.group} role="group" aria-labelledby={`${id}-name`} aria-describedby={error ? `${id}-error` : undefined}>
      <span className={s.name} id={`${id}-name`}>
        {t("actions.title")}
      </span>
      {actions.length > 0 && (
        <ul className={s.chips}>
          {actions.map((name) => (
            <li key={name} className={s.chip}>
              <code>{name}</code>
              {!readOnly && (
                <IconButton label={t("actions.remove", { name })} icon={<X size={13} />} onClick={() => set(name, false)} />
              )}
            </li>
          ))}
        </ul>
      )}
      {error !== undefined && (
        <p className={s.error} id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
      {!readOnly && (
        <details className={s.actions}>
          <summary>{t("actions.choose")}</summary>
          <Input
            type="search"
            aria-label={t("actions.search")}
            placeholder={t("actions.search")}
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
          <div className={s.list}>
            {pattern !== "" && (
              <Button size="sm" disabled={actions.includes(pattern)} onClick={() => set(pattern, true)}>
                {t("actions.pattern", { name: pattern })}
              </Button>
            )}
            <Checkbox
              label={t("actions.everything")}
              checked={actions.includes(everything)}
              onChange={(event) => set(everything, event.target.checked)}
            />
            {groups.map((group) => {
              const some = fits.filter((one) => one.group === group && one.on !== "service");
              if (some.length === 0) return null;
              return (
                <section key={group} aria-label={t(`actions.${group}`)}>
                  <h3>{t(`actions.${group}`)}</h3>
                  <div className={s.checks}>
                    {some.map((one) => (
                      <Checkbox
                        key={one.name}
                        label={one.name.slice("s3:".length)}
                        hint={one.asked ? undefined : t("actions.unasked")}
                        checked={actions.includes(one.name)}
                        onChange={(event) => set(one.name, event.target.checked)}
                      />
                    ))}
                  </div>
                </section>
              );
            })}
            {fits.length === 0 && pattern === "" && <p className={s.hint}>{t("actions.none")}</p>}
          </div>
        </details>
      )}
    </div>
  );
}
