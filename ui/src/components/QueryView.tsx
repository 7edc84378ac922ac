import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ErrorState } from "./EmptyState";

type QueryViewProps<T> = {
  query: UseQueryResult<T>;
  /** What stands there while loading, in the final size. */
  skeleton: ReactNode;
  children: (data: T) => ReactNode;
  bare?: boolean;
};

/** QueryView shows a query's data, its skeleton, or its error with another try. */
export function QueryView<T>({ query, skeleton, children, bare }: QueryViewProps<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) {
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} bare={bare} />;
  }
  return skeleton;
}
