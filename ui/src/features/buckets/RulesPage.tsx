import type { UseQueryResult } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Alert, Button, EmptyState, QueryView, Skeleton } from "@/components";
import { BucketHead } from "./BucketHead";
import s from "./Replication.module.css";
import { useBucketRole } from "./useBucketRole";

type RulesPageProps<T> = {
  bucket: string;
  query: UseQueryResult<T>;
  title: string;
  description: string;
  /** What adds a rule, and the dialog that it opens. */
  add: string;
  dialog: (close: () => void) => ReactNode;
  count: (data: T) => number;
  /** Why buckets of this store have no such rules; undefined where they have. */
  unavailable?: (data: T) => string | undefined;
  empty: { icon: ReactNode; title: string; hint: string };
  /** What stays when there is no rule as well. */
  rest?: (data: T, readOnly: boolean) => ReactNode;
  children: (data: T, readOnly: boolean) => ReactNode;
};

/** RulesPage is the page of a bucket's rules of one kind: how there are none, and how to add one. */
export function RulesPage<T>({ bucket, query, title, description, add, dialog, count, unavailable, empty, rest, children }: RulesPageProps<T>) {
  const { t } = useTranslation("buckets");
  const { mayChange } = useBucketRole(bucket);
  const [adding, setAdding] = useState(false);
  const button = mayChange && (
    <Button variant="primary" icon={<Plus size={16} />} onClick={() => setAdding(true)}>
      {add}
    </Button>
  );
  return (
    <>
      <BucketHead
        bucket={bucket}
        title={title}
        description={description}
        actions={query.data !== undefined && count(query.data) > 0 && button}
      />
      <QueryView query={query} skeleton={<Skeleton height={220} />}>
        {(data) => {
          const why = unavailable?.(data);
          return (
            <div className={s.rules} key={bucket}>
              {!mayChange && <Alert>{t("settings.maintainersOnly")}</Alert>}
              {why !== undefined ? (
                <Alert>{why}</Alert>
              ) : count(data) === 0 ? (
                <EmptyState icon={empty.icon} title={empty.title} action={button || undefined}>
                  <p>{empty.hint}</p>
                </EmptyState>
              ) : (
                children(data, !mayChange)
              )}
              {rest?.(data, !mayChange)}
            </div>
          );
        }}
      </QueryView>
      {adding && dialog(() => setAdding(false))}
    </>
  );
}
