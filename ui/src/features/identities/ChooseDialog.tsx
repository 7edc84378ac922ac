import { useQuery, type QueryKey, type UseQueryOptions } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "@/api/errors";
import { Alert, Button, Checkbox, Dialog, QueryView, Skeleton } from "@/components";
import { matching } from "./holders";
import s from "./Identities.module.css";
import { useChange } from "./queries";
import { Search } from "./Search";

type ChooseDialogProps<T, K extends QueryKey> = {
  title: string;
  description?: string;
  /** What the search is called. */
  search: string;
  query: UseQueryOptions<T[], Error, T[], K>;
  /** Whether it can still be chosen. */
  free: (item: T) => boolean;
  idOf: (item: T) => string;
  labelOf: (item: T) => string;
  hintOf: (item: T) => string | undefined;
  /** Where there is nothing at all to choose from. */
  none?: string;
  /** The verb of the button, of so many. */
  action: (count: number) => string;
  /** Does it for one; several are done one after the other. */
  choose: (id: string) => Promise<unknown>;
  onChosen?: () => void;
  onClose: () => void;
};

/** ChooseDialog has some of a list chosen, and does something with each. */
export function ChooseDialog<T, K extends QueryKey>(props: ChooseDialogProps<T, K>) {
  const { title, description, search, query, free, idOf, labelOf, hintOf, none, action, choose, onChosen, onClose } = props;
  const { t } = useTranslation("identities");
  const items = useQuery(query);
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState<string[]>([]);
  const change = useChange(async (ids: string[]) => {
    for (const id of ids) await choose(id);
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={title}
      description={description}
      onSubmit={() =>
        chosen.length > 0 &&
        change.mutate(chosen, {
          onSuccess: () => {
            onChosen?.();
            onClose();
          },
        })
      }
      footer={
        <>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={change.isPending} disabled={chosen.length === 0}>
            {action(chosen.length)}
          </Button>
        </>
      }
    >
      <QueryView bare query={items} skeleton={<Skeleton width="100%" height={200} />}>
        {(all) => {
          const left = all.filter(free);
          const found = matching(left, typed, (item) => `${labelOf(item)} ${hintOf(item) ?? ""}`);
          return (
            <>
              <Search label={search} value={typed} onChange={setTyped} shown={found.length} total={left.length} />
              <div className={s.choices}>
                {found.map((item) => (
                  <Checkbox
                    key={idOf(item)}
                    label={labelOf(item)}
                    hint={hintOf(item)}
                    checked={chosen.includes(idOf(item))}
                    onChange={(event) =>
                      setChosen((old) =>
                        event.target.checked ? [...old, idOf(item)] : old.filter((one) => one !== idOf(item)),
                      )
                    }
                  />
                ))}
                {found.length === 0 && <p className={s.note}>{all.length === 0 && none ? none : t("nothingFound")}</p>}
              </div>
            </>
          );
        }}
      </QueryView>
      {change.isError && <Alert tone="danger">{errorText(change.error)}</Alert>}
    </Dialog>
  );
}
