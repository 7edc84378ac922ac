import { useQuery, type QueryKey, type UseQueryOptions } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { PageHeader, QueryView, Skeleton } from "@/components";
import s from "./Identities.module.css";

type DetailPageProps<T, K extends QueryKey> = {
  /** The way back to the list. */
  list: ReactNode;
  query: UseQueryOptions<T, Error, T, K>;
  /** What it is called, known or not. */
  titleOf: (data: T | undefined) => string;
  descriptionOf?: (data: T) => string | undefined;
  actions: (data: T) => ReactNode;
  children: (data: T) => ReactNode;
};

/** DetailPage is the page of one user, group, policy or role. */
export function DetailPage<T, K extends QueryKey>({ list, query, titleOf, descriptionOf, actions, children }: DetailPageProps<T, K>) {
  const found = useQuery(query);
  return (
    <>
      <PageHeader
        title={titleOf(found.data)}
        description={(found.data !== undefined && descriptionOf?.(found.data)) || undefined}
        breadcrumbs={[list]}
        actions={found.data !== undefined && <div className={s.buttons}>{actions(found.data)}</div>}
      />
      <QueryView query={found} skeleton={<Skeleton width="100%" height={420} radius={11} />}>
        {(data) => <div className={s.layout}>{children(data)}</div>}
      </QueryView>
    </>
  );
}
