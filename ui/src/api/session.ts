import { QueryClient, queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { api, body, setCsrf, whenSignedOut } from "./client";
import { ApiError, isStatus } from "./errors";
import type { Session } from "./types";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (count, error) => {
        const passing = error instanceof ApiError && (error.status === 0 || error.status >= 500);
        return passing && count < 2;
      },
    },
  },
});

export const instanceQuery = queryOptions({
  queryKey: ["instance"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/instance", { signal })),
  staleTime: 60_000,
});

/** sessionQuery answers null when nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      const session = await body(api.GET("/api/v1/session", { signal }));
      setCsrf(session.csrf);
      return session;
    } catch (error) {
      if (isStatus(error, 401)) return null;
      throw error;
    }
  },
  staleTime: 5 * 60_000,
});

/** beginSession takes over a session just opened; everything cached belonged to someone else. */
export function beginSession(session: Session) {
  queryClient.clear();
  setCsrf(session.csrf);
  queryClient.setQueryData(sessionQuery.queryKey, session);
}

export async function signOut() {
  await api.DELETE("/api/v1/session");
  endSession();
}

function endSession() {
  setCsrf("");
  queryClient.clear();
  queryClient.setQueryData(sessionQuery.queryKey, null);
  for (const listener of endListeners) listener();
}

const endListeners = new Set<() => void>();

/** onSessionEnd is told when the session ended, here or on the server. */
export function onSessionEnd(listener: () => void): () => void {
  endListeners.add(listener);
  return () => endListeners.delete(listener);
}

whenSignedOut(endSession);

/** useMe is the signed-in user; only for pages behind the login. */
export function useMe() {
  const { data } = useSuspenseQuery(sessionQuery);
  if (!data) throw new ApiError(401, "unauthenticated", "");
  return data.user;
}
