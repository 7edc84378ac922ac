import createClient, { type Middleware } from "openapi-fetch";
import { ApiError, toApiError } from "./errors";
import type { paths } from "./schema";

let csrf = "";
let onSignedOut: () => void = () => undefined;

/** setCsrf keeps the token that every change must carry beside the session's cookie. */
export function setCsrf(token: string) {
  csrf = token;
}

/** whenSignedOut is told when the server no longer knows our session. */
export function whenSignedOut(listener: () => void) {
  onSignedOut = listener;
}

/** csrfHeaders are for requests that do not go through the client, such as uploads. */
export function csrfHeaders(): Record<string, string> {
  return csrf ? { "X-Croft-CSRF": csrf } : {};
}

const session: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET" && csrf) request.headers.set("X-Croft-CSRF", csrf);
    return request;
  },
  async onResponse({ request, response }) {
    if (response.ok) return undefined;
    const error = await toApiError(response);
    const asksSession = new URL(request.url).pathname === "/api/v1/session";
    if (response.status === 401 && !asksSession) onSignedOut();
    throw error;
  },
  onError({ error }) {
    if (error instanceof ApiError || (error instanceof DOMException && error.name === "AbortError")) {
      return undefined;
    }
    return new ApiError(0, "network", "");
  },
};

/** api calls the console API; every answer that is not ok is thrown as an ApiError. */
export const api = createClient<paths>({
  baseUrl: typeof location === "undefined" ? "http://localhost" : location.origin,
  fetch: (request) => fetch(request),
});
api.use(session);

/** body waits for a call and returns what the server answered. */
export async function body<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T;
}
