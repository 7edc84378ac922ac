import { useSyncExternalStore } from "react";
import { queryClient, sessionQuery } from "@/api/session";
import { changed } from "../changes";
import { Queue, type Snapshot } from "./queue";
import { http } from "./transport";

const due = new Set<string>();

/** Many small files end in one moment; who shows them looks once. */
function announce(bucket: string) {
  if (due.has(bucket)) return;
  due.add(bucket);
  setTimeout(() => {
    due.delete(bucket);
    void changed(bucket);
  }, 400);
}

/** The one queue of this window: it goes on while the user looks at other pages. */
export const queue = new Queue(http, {
  user: () => queryClient.getQueryData(sessionQuery.queryKey)?.user.id ?? "",
  onDone: announce,
});

if (typeof window !== "undefined") {
  window.addEventListener("beforeunload", (event) => {
    if (queue.busy) event.preventDefault();
  });
}

export function useUploads(): Snapshot {
  return useSyncExternalStore(queue.subscribe, queue.read);
}
