import { useQuery } from "@tanstack/react-query";
import { Plus, X } from "lucide-react";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { providersQuery, usersQuery } from "@/api/queries";
import { Button, Checkbox, Field, IconButton, Input, Select } from "@/components";
import type { Who } from "./document";
import s from "./Policy.module.css";

type WhoFieldProps = { who: Who; trust?: boolean; readOnly: boolean; error?: string; onChange: (who: Who) => void };

/** WhoField says whom a statement is for. */
export function WhoField({ who, trust, readOnly, error, onChange }: WhoFieldProps) {
  const { t } = useTranslation("policies");
  const users = useQuery(usersQuery).data ?? [];
  const providers = useQuery({ ...providersQuery, enabled: trust === true }).data ?? [];
  const federated = who.kind === "federated";
  const offered = federated
    ? providers.map((one) => ({ id: one.id, value: one.name, words: one.url }))
    : users.map((one) => ({ id: one.id, value: one.name, words: one.displayName }));
  const field = federated ? t("who.provider") : t("who.name");
  const id = useId();
  const [name, setName] = useState("");
  const add = () => {
    const wanted = name.trim();
    if (wanted !== "" && !who.names.includes(wanted)) onChange({ ...who, names: [...who.names, wanted] });
    setName("");
  };
  return (
    <div className={s.group}>
      <Field label={t("who.title")} error={error}>
        <Select
          value={who.kind}
          disabled={readOnly}
          onChange={(event) => {
            const kind = event.target.value as Who["kind"];
            // Users are no providers, nor the other way round.
            onChange({ ...who, kind, names: federated || kind === "federated" ? [] : who.names });
          }}
        >
          <option value="everybody">{t("who.everybody")}</option>
          <option value="users">{t("who.users")}</option>
          <option value="named">{t("who.named")}</option>
          {trust && <option value="federated">{t("who.federated")}</option>}
        </Select>
      </Field>
      {trust && (who.kind === "users" || who.kind === "everybody") && <p className={s.hint}>{t("who.trustAll")}</p>}
      {(who.kind === "named" || federated) && (
        <>
          {who.names.length > 0 && (
            <ul className={s.chips}>
              {who.names.map((one) => (
                <li key={one} className={s.chip}>
                  {one}
                  {!readOnly && (
                    <IconButton
                      label={t("who.remove", { name: one })}
                      icon={<X size={13} />}
                      onClick={() => onChange({ ...who, names: who.names.filter((other) => other !== one) })}
                    />
                  )}
                </li>
              ))}
            </ul>
          )}
          {!readOnly && (
            <div className={s.row}>
              <Input
                aria-label={field}
                placeholder={field}
                list={`${id}-users`}
                autoComplete="off"
                autoCapitalize="off"
                spellCheck={false}
                value={name}
                onChange={(event) => setName(event.target.value)}
                onKeyDown={(event) => {
                  if (event.key !== "Enter") return;
                  event.preventDefault();
                  add();
                }}
              />
              <datalist id={`${id}-users`}>
                {offered
                  .filter((one) => !who.names.includes(one.value))
                  .map((one) => (
                    <option key={one.id} value={one.value}>
                      {one.words}
                    </option>
                  ))}
              </datalist>
              <Button icon={<Plus size={16} />} disabled={name.trim() === ""} onClick={add}>
                {t("who.add")}
              </Button>
            </div>
          )}
        </>
      )}
      {who.not && (
        <Checkbox
          label={t("who.not")}
          checked
          disabled={readOnly}
          onChange={() => onChange({ ...who, not: false })}
        />
      )}
    </div>
  );
}
