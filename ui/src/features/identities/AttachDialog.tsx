import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "@/api/errors";
import { Alert, Button, Checkbox, Dialog, QueryView, Skeleton, toast } from "@/components";
import { attach, matching, type Holder } from "./holders";
import s from "./Identities.module.css";
import { policiesQuery, useChange } from "./queries";
import { Search } from "./Search";

type AttachDialogProps = { holder: Holder; name: string; held: string[]; onClose: () => void };

/** AttachDialog chooses among the policies that somebody does not hold yet. */
export function AttachDialog({ holder, name, held, onClose }: AttachDialogProps) {
  const { t } = useTranslation("identities");
  const policies = useQuery(policiesQuery);
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState<string[]>([]);
  const give = useChange(async (names: string[]) => {
    for (const policy of names) await attach(holder, policy);
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("held.attachTitle", { name })}
      onSubmit={() =>
        chosen.length > 0 &&
        give.mutate(chosen, {
          onSuccess: () => {
            toast.ok(t("common:saved"));
            onClose();
          },
        })
      }
      footer={
        <>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={give.isPending} disabled={chosen.length === 0}>
            {t("held.attachCount", { count: chosen.length })}
          </Button>
        </>
      }
    >
      <QueryView bare query={policies} skeleton={<Skeleton width="100%" height={200} />}>
        {(all) => {
          const free = all.filter((policy) => !held.includes(policy.name));
          const found = matching(free, typed, (policy) => `${policy.name} ${policy.description}`);
          return (
            <>
              <Search label={t("policySearch")} value={typed} onChange={setTyped} shown={found.length} total={free.length} />
              <div className={s.choices}>
                {found.map((policy) => (
                  <Checkbox
                    key={policy.name}
                    label={policy.name}
                    hint={policy.description || (policy.builtIn ? t("builtIn") : undefined)}
                    checked={chosen.includes(policy.name)}
                    onChange={(event) =>
                      setChosen((old) =>
                        event.target.checked ? [...old, policy.name] : old.filter((one) => one !== policy.name),
                      )
                    }
                  />
                ))}
                {found.length === 0 && <p className={s.note}>{t("nothingFound")}</p>}
              </div>
            </>
          );
        }}
      </QueryView>
      {give.isError && <Alert tone="danger">{errorText(give.error)}</Alert>}
    </Dialog>
  );
}
