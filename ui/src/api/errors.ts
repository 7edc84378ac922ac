import i18next from "i18next";

export type FieldError = { path: string; message: string };

/** ApiError is what the server refused, or why it could not be reached (status 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId = "",
    readonly fields: FieldError[] = [],
    readonly retryAfter = 0,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** toApiError reads the error body of a response that was not ok. */
export async function toApiError(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get("Retry-After")) || 0;
  const fallback = response.status >= 500 ? "internal" : `http_${response.status}`;
  try {
    const body = (await response.json()) as Partial<ApiError> & { code?: string };
    return new ApiError(
      response.status,
      body.code ?? fallback,
      body.message ?? response.statusText,
      body.requestId,
      Array.isArray(body.fields) ? body.fields : [],
      retryAfter,
    );
  } catch {
    return new ApiError(response.status, fallback, response.statusText, "", [], retryAfter);
  }
}

/**
 * errorText says in the user's language what went wrong. The server's own sentence is English and
 * more precise than a text for its code: it names the branch, the bucket, the role.
 */
export function errorText(error: unknown): string {
  if (!(error instanceof ApiError)) return i18next.t("errors:unknown");
  const key = `errors:${error.code}`;
  const timed = `${key}_for`;
  if (error.retryAfter > 0 && i18next.exists(timed)) {
    return i18next.t(timed, { seconds: error.retryAfter });
  }
  const serversOwn = i18next.language === "en" && error.message !== "" && error.status < 500;
  if (i18next.exists(key) && !serversOwn) return i18next.t(key);
  return error.message || i18next.t("errors:unknown");
}

/** Problem is a failure that a status tells, with the server's sentence and, where it has one, its code. */
export type Problem = { problem?: string; problemCode?: string };

/** problemText says in the user's language what a status complains of; see errorText. */
export function problemText({ problem = "", problemCode = "" }: Problem): string {
  const key = `errors:${problemCode}`;
  return i18next.language !== "en" && i18next.exists(key) ? i18next.t(key) : problem;
}

/** fieldText returns the server's complaint about one field, or nothing. */
export function fieldText(error: unknown, name: string): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  return error.fields.find((f) => f.path === name || f.path === `body.${name}`)?.message;
}

export function isStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}
