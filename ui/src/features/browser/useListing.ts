import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { api, body } from "@/api/client";
import { onChange } from "./changes";
import type { Entry } from "./keys";
import { Listing, sorted, sortLimit, type Sort } from "./listing";

export type Rows = {
  listing: Listing;
  count: number;
  at: (index: number) => Entry | undefined;
  /** Undefined while the order is the store's, since not all is known. */
  sort: Sort | undefined;
  /** Sorts if the whole folder can be known, and says whether it could. */
  sortBy: (sort: Sort) => Promise<boolean>;
};

/** useListing is a folder, or of it what begins with what was typed. */
export function useListing(bucket: string, prefix: string, typed: string): Rows {
  const listing = useMemo(
    () =>
      new Listing(
        ({ cursor, until, limit }) =>
          body(
            api.GET("/api/v1/buckets/{bucket}/objects", {
              params: {
                path: { bucket },
                query: { prefix: prefix + typed, delimiter: "/", cursor: cursor || undefined, until: until || undefined, limit },
              },
            }),
          ),
        prefix,
      ),
    [bucket, prefix, typed],
  );
  const version = useSyncExternalStore(listing.subscribe, () => listing.version);
  const [sort, setSort] = useState<Sort>({ by: "name", down: false });
  useEffect(() => {
    if (!listing.begun) void listing.more();
    return onChange(bucket, () => listing.refresh());
  }, [bucket, listing]);
  const whole = useMemo(() => {
    void version; // the listing is the same object, with other entries in it
    const all = listing.length <= sortLimit ? listing.all() : undefined;
    return all && sorted(all, sort);
  }, [listing, version, sort]);
  return {
    listing,
    count: whole?.length ?? listing.length,
    at: (index) => (whole ? whole[index] : listing.at(index)),
    sort: whole && sort,
    sortBy: async (wanted) => {
      if (!(await listing.readAll(sortLimit))) return false;
      setSort(wanted);
      return true;
    },
  };
}
