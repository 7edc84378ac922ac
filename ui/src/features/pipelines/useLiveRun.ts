import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { openStream } from "@/api/sse";
import type { Run } from "@/api/types";
import { isFinal, runAddress, runQuery } from "./queries";

/** useLiveRun is a run that follows its changes until it is over. */
export function useLiveRun(project: string, name: string, number: number) {
  const client = useQueryClient();
  const query = useQuery(runQuery(project, name, number));
  const over = query.data !== undefined && isFinal(query.data.state);
  const loaded = query.data !== undefined;
  useEffect(() => {
    if (!loaded || over) return undefined;
    return openStream(`${runAddress(project, name, number)}/events`, {
      onEvent: (event) => {
        if (event.event !== "run") return;
        const fresh = JSON.parse(event.data) as Run;
        client.setQueryData(runQuery(project, name, number).queryKey, (old) =>
          old && old.revision > fresh.revision ? old : fresh,
        );
      },
    });
  }, [client, project, name, number, loaded, over]);
  return query;
}
